import { Button, Group, Modal, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import type { RepositoryText } from '@slipway/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { api } from '../../api.ts';
import { notify } from '../../parts/notify.ts';
import { Failure } from '../../parts/failure.tsx';
import { readFile, type OpenFile } from './read-file.ts';
import { isOutrun } from './outrun.ts';

const TextDiff = lazy(() => import('../../parts/code/text-diff.tsx'));

type SaveDialogProps = {
  readonly path: string;
  /** as it was read; undefined: it is new */
  readonly base: OpenFile | undefined;
  readonly text: string;
  readonly classes: readonly string[];
  readonly close: () => void;
  readonly saved: (file: RepositoryText) => void;
  /** what another has saved meanwhile takes the place of the base */
  readonly rebase: (base: OpenFile | undefined) => void;
};

/** What will change, once more before it does. Where another has saved meanwhile, that is compared with, and decided on. */
export const SaveDialog = ({ path, base, text, classes, close, saved, rebase }: SaveDialogProps) => {
  const [message, setMessage] = useState('');
  const [isLate, setLate] = useState(false);
  const queries = useQueryClient();
  // What goes wrong is told in the dialog, where it is decided on.
  const save = useMutation({
    mutationFn: () =>
      api.repository.replaceFile(
        path,
        { text, ...(message.trim() === '' ? {} : { message: message.trim() }) },
        { headers: base === undefined ? { 'if-none-match': '*' } : { 'if-match': base.etag } },
      ),
    onSuccess: async (file) => {
      notify({ color: 'green', message: `${path} saved` });
      saved(file);
      await Promise.all(
        [['repository', 'files'], ['repository', 'changes'], ['device-classes']].map((queryKey) =>
          queries.invalidateQueries({ queryKey }),
        ),
      );
    },
  });
  const outrun = isOutrun(save.error);
  const compareAnew = async (): Promise<void> => {
    rebase(await readFile(path));
    setLate(true);
    save.reset();
  };
  return (
    <Modal
      opened
      onClose={close}
      size="xl"
      title={
        <Text fw={600}>
          {base === undefined ? 'New file' : 'Save'} {path}
        </Text>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          {isLate ? (
            <Text size="sm" fw={500}>
              Somebody else saved this file while you edited it. Below is what your text changes against
              theirs: saving takes the red lines away.
            </Text>
          ) : null}
          <Suspense fallback={<Skeleton height={240} />}>
            <TextDiff path={path} before={base?.file.text ?? ''} after={text} maxHeight="50vh" />
          </Suspense>
          {classes.length === 0 ? null : (
            <Text size="sm" c="dimmed">
              The next build of {classes.join(', ')} is made of it. Nothing is built by saving.
            </Text>
          )}
          <TextInput
            label="What for"
            description="Told in the history of the file and in the audit log"
            value={message}
            onChange={({ currentTarget }) => setMessage(currentTarget.value)}
            maxLength={500}
            data-autofocus
          />
          {save.error === null ? null : outrun ? (
            <Group justify="space-between">
              <Text size="sm" c="red" fw={500} role="alert">
                Somebody else has saved this file meanwhile: nothing was overwritten.
              </Text>
              <Button variant="default" size="xs" onClick={() => void compareAnew()}>
                Compare with theirs
              </Button>
            </Group>
          ) : (
            <Failure error={save.error} title="It was not saved" />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Go on editing
            </Button>
            <Button type="submit" loading={save.isPending} disabled={outrun}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
