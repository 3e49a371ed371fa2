import { Alert, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { RepositoryPath, type RepositoryText } from '@slipway/protocol';
import { IconDots } from '@tabler/icons-react';
import { useState } from 'react';
import { Failure } from '../../parts/failure.tsx';
import { withRenamed, type FileEdit } from './edits.ts';
import type { Place, PlaceFile } from './place.ts';
import { SaveDialog } from './save-dialog.tsx';

type MoveFileProps = {
  readonly place: Place;
  readonly base: RepositoryText;
  readonly files: readonly PlaceFile[];
  /** the path that it has then; undefined: it is gone */
  readonly done: (path: string | undefined) => void;
};

/** Gives a file another path, or takes it away; both are looked at before they happen. */
export const MoveFile = ({ place, base, files, done }: MoveFileProps) => {
  const [step, setStep] = useState<'rename' | 'delete'>();
  const close = (): void => setStep(undefined);
  const users = files.find(({ path }) => path === base.path)?.classes ?? [];
  const isClass = base.kind === 'class';
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default" px={8} aria-label={`More to do with ${base.path}`}>
            <IconDots size={16} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setStep('rename')}>Rename or move …</Menu.Item>
          <Menu.Item color="red" onClick={() => setStep('delete')}>
            Delete …
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {step === 'rename' ? (
        <Rename place={place} base={base} files={files} close={close} done={done} />
      ) : null}
      {step === 'delete' ? (
        <SaveDialog
          place={place}
          title={`Delete ${base.path}?`}
          action="Delete the file"
          isDangerous
          files={[{ path: base.path, was: base.digest, before: base.text, after: undefined }]}
          about={
            isClass
              ? `The class ${users.join(', ')} can be built no more. Its devices, releases and channels stay as they are.`
              : users.length > 0
                ? `${users.join(', ')} ${users.length === 1 ? 'is' : 'are'} made of it: that is refused before the class files name it no more.`
                : 'No class is made of it. Its texts stay in the history.'
          }
          close={close}
          saved={() => done(undefined)}
        />
      ) : null}
    </>
  );
};

type RenameProps = MoveFileProps & { readonly close: () => void };

const Rename = ({ place, base, files, close, done }: RenameProps) => {
  const [path, setPath] = useState<string>(base.path);
  const [edits, setEdits] = useState<readonly FileEdit[]>();
  const [failure, setFailure] = useState<unknown>();
  const isPath = RepositoryPath.safeParse(path).success;
  const isTaken = path !== base.path && files.some((file) => file.path === path);
  const users = files.filter(
    ({ kind, classes }) =>
      kind === 'class' &&
      base.kind !== 'class' &&
      classes.some((name) => usersOf(files, base.path).includes(name)),
  );
  const review = async (): Promise<void> => {
    try {
      const texts = await Promise.all(users.map(async (file) => place.read(file.path)));
      const along = texts.flatMap((file): FileEdit[] => {
        if (file === undefined) return [];
        const after = withRenamed(file.text, base.path, path);
        return after === file.text ? [] : [{ path: file.path, was: file.digest, before: file.text, after }];
      });
      setEdits([
        { path, was: undefined, before: undefined, after: base.text },
        { path: base.path, was: base.digest, before: base.text, after: undefined },
        ...along,
      ]);
    } catch (error) {
      setFailure(error);
    }
  };
  if (edits !== undefined)
    return (
      <SaveDialog
        place={place}
        title={`Rename ${base.path} to ${path}?`}
        action="Rename the file"
        files={edits}
        about={
          edits.length > 2
            ? 'Class files that name it are changed along with it; all of that at once.'
            : undefined
        }
        close={close}
        saved={() => done(path)}
      />
    );
  return (
    <Modal opened onClose={close} title={<Text fw={600}>Rename {base.path}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isPath && !isTaken && path !== base.path) void review();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Path"
            description="Folders are made as they are named"
            value={path}
            onChange={({ currentTarget }) => setPath(currentTarget.value.trim())}
            error={isTaken ? 'There is such a file.' : isPath ? undefined : 'A path within the repository'}
            data-autofocus
          />
          {users.length === 0 ? null : (
            <Alert color="blue" p="xs">
              <Text size="sm">
                {users.map((file) => file.path).join(', ')} {users.length === 1 ? 'names' : 'name'} it, and{' '}
                {users.length === 1 ? 'is' : 'are'} changed along.
              </Text>
            </Alert>
          )}
          {failure === undefined ? null : (
            <Failure error={failure} title="The class files could not be read" />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button type="submit" disabled={!isPath || isTaken || path === base.path}>
              Review the change
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};

const usersOf = (files: readonly PlaceFile[], path: string): readonly string[] =>
  files.find((file) => file.path === path)?.classes ?? [];
