import { Button, Code, Group, Modal, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { BranchName, SlipwayError, type SourceEdited } from '@slipway/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notify.ts';
import { saveText } from '../../parts/save-text.ts';
import { editOf, movesIn, type FileEdit } from './edits.ts';
import { isOutrun } from './outrun.ts';
import type { Place } from './place.ts';

const TextDiff = lazy(() => import('../../parts/code/text-diff.tsx'));

type SaveDialogProps = {
  readonly place: Place;
  readonly title: string;
  /** what the button says */
  readonly action: string;
  readonly files: readonly FileEdit[];
  /** what else follows, in a sentence */
  readonly about?: string | undefined;
  readonly isDangerous?: boolean;
  readonly close: () => void;
  readonly saved: (done: SourceEdited | undefined) => void;
  /** another has saved meanwhile: reads anew what is compared with. Absent: it is begun again */
  readonly compareAnew?: (() => Promise<void>) | undefined;
};

const sayDone = (files: readonly FileEdit[], done: SourceEdited | undefined): string => {
  const what = files.length === 1 ? (files[0]?.path ?? '') : `${files.length} files`;
  const how = files.every(({ after }) => after === undefined) ? 'deleted' : 'saved';
  return done === undefined
    ? `${what} ${how}`
    : `${what} ${how} as commit ${done.commit.slice(0, 10)} on ${done.branch}`;
};

/** What will change, once more before it does. Where another has saved meanwhile nothing is overwritten. */
export const SaveDialog = (props: SaveDialogProps) => {
  const { place, title, action, files, about, isDangerous = false, close, saved, compareAnew } = props;
  const [message, setMessage] = useState('');
  const [branch, setBranch] = useState<string>(place.git?.branch ?? '');
  const [isLate, setLate] = useState(false);
  const queries = useQueryClient();
  const to = BranchName.safeParse(branch);
  // What goes wrong is told in the dialog, where it is decided on.
  const save = useMutation({
    mutationFn: () => place.save(editOf(files, message), to.data),
    onSuccess: async (done) => {
      notify({ color: 'green', message: sayDone(files, done) });
      saved(done);
      await Promise.all(
        [['repository'], ['device-classes'], ['classes']].map((queryKey) =>
          queries.invalidateQueries({ queryKey }),
        ),
      );
    },
  });
  const patch = useMutation({
    mutationFn: async () => place.git?.patch(editOf(files, message)),
    onSuccess: (made) => {
      if (made !== undefined) saveText(made.name, made.text, 'text/x-patch');
    },
  });
  const { moves, others } = movesIn(files);
  const outrun = isOutrun(save.error);
  const isRefused = save.error instanceof SlipwayError && save.error.code === 'GIT_PUSH_REFUSED';
  return (
    <Modal opened onClose={close} size="xl" title={<Text fw={600}>{title}</Text>}>
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
          <Stack gap="sm" mah="50vh" style={{ overflowY: 'auto' }}>
            {moves.map(({ from, to: path }) => (
              <Text key={path} size="sm" style={{ overflowWrap: 'anywhere' }}>
                <Code>{from}</Code> becomes <Code>{path}</Code>; the text stays as it is.
              </Text>
            ))}
            {others.map((file) => (
              <Changed key={file.path} file={file} isAlone={files.length === 1} />
            ))}
          </Stack>
          {about === undefined ? null : (
            <Text size="sm" c="dimmed">
              {about}
            </Text>
          )}
          {place.git === undefined ? null : (
            <TextInput
              label="Branch"
              description={
                branch === place.git.branch
                  ? `Committed on ${branch} and pushed, never by force. With another name it is a new branch, for a review.`
                  : `A branch that begins where ${place.git.branch} is; builds of ${place.git.branch} do not change by it.`
              }
              value={branch}
              onChange={({ currentTarget }) => setBranch(currentTarget.value.trim())}
              error={to.success ? undefined : 'The name of a branch, such as fix/disk-size'}
            />
          )}
          <TextInput
            label="What for"
            description={
              place.git === undefined
                ? 'Told in the history of the file and in the audit log'
                : 'The message of the commit; you are its author. Told in the audit log, too'
            }
            value={message}
            onChange={({ currentTarget }) => setMessage(currentTarget.value)}
            maxLength={500}
            data-autofocus
          />
          {save.error === null ? null : outrun ? (
            <Group justify="space-between">
              <Text size="sm" c="red" fw={500} role="alert">
                Somebody else has saved meanwhile: nothing was overwritten.
              </Text>
              {compareAnew === undefined ? null : (
                <Button
                  variant="default"
                  size="xs"
                  onClick={() =>
                    void compareAnew().then(() => {
                      setLate(true);
                      save.reset();
                    })
                  }
                >
                  Compare with theirs
                </Button>
              )}
            </Group>
          ) : (
            <Failure error={save.error} title="It was not saved" />
          )}
          {isRefused ? (
            <Group gap="xs">
              <Button
                variant="default"
                size="xs"
                leftSection={<IconDownload size={14} />}
                loading={patch.isPending}
                onClick={() => patch.mutate()}
              >
                Download it as a patch
              </Button>
              <Text size="sm" c="dimmed">
                for <Code>git am</Code> by somebody who may push; or choose another branch above.
              </Text>
            </Group>
          ) : null}
          {patch.error === null ? null : <Failure error={patch.error} title="There is no patch" />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Go on editing
            </Button>
            <Button
              type="submit"
              color={isDangerous ? 'red.8' : undefined}
              loading={save.isPending}
              disabled={outrun || (place.git !== undefined && !to.success)}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};

const Changed = ({ file, isAlone }: { readonly file: FileEdit; readonly isAlone: boolean }) => {
  const { path, before, after } = file;
  const word = before === undefined ? 'new' : after === undefined ? 'goes' : 'changes';
  return (
    <Stack gap={4}>
      {isAlone ? null : (
        <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {path}{' '}
          <Text span c="dimmed" inherit fw={400}>
            {word}
          </Text>
        </Text>
      )}
      <Suspense fallback={<Skeleton height={180} />}>
        <TextDiff path={path} before={before ?? ''} after={after ?? ''} maxHeight={isAlone ? '50vh' : 240} />
      </Suspense>
    </Stack>
  );
};
