import { Button, Group, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core';
import type { RepositoryChange } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import type { Place } from './place.ts';

const TextDiff = lazy(() => import('../../parts/code/text-diff.tsx'));

type FileHistoryProps = {
  readonly place: Place;
  readonly path: string;
  readonly mayEdit: boolean;
  readonly take: (text: string) => void;
};

/** Who saved the file when and what for, and what each changed. */
export const FileHistory = ({ place, path, mayEdit, take }: FileHistoryProps) => {
  const [chosen, choose] = useSearch('change');
  const changes = useQuery({
    queryKey: [...place.key, 'changes', path],
    queryFn: ({ signal }) => place.changes(path, signal),
  });
  return (
    <Loaded query={changes} title="The history could not be read">
      {(all) => {
        const at = Math.max(
          0,
          all.findIndex(({ commit }) => commit === chosen),
        );
        const change = all[at];
        return change === undefined ? (
          <Empty icon={IconHistory} title="Not saved here yet">
            {place.git === undefined
              ? 'Each save is kept with its text, by whom and what for. What was changed on the server by hand is noted as found at the next save.'
              : 'No commit of this branch has this file.'}
          </Empty>
        ) : (
          <Stack gap="sm">
            <Stack gap={2} component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
              {all.map((one) => (
                <Change
                  key={one.commit}
                  change={one}
                  isChosen={one === change}
                  choose={() => choose(one.commit)}
                />
              ))}
            </Stack>
            <Shown
              place={place}
              path={path}
              change={change}
              before={all[at + 1]}
              mayEdit={mayEdit}
              take={take}
            />
          </Stack>
        );
      }}
    </Loaded>
  );
};

type ChangeProps = {
  readonly change: RepositoryChange;
  readonly isChosen: boolean;
  readonly choose: () => void;
};
const Change = ({ change: { by, at, message }, isChosen, choose }: ChangeProps) => (
  <li>
    <UnstyledButton
      w="100%"
      px="xs"
      py={6}
      onClick={choose}
      aria-current={isChosen}
      bg={isChosen ? 'var(--mantine-primary-color-light)' : undefined}
      style={{ borderRadius: 6 }}
    >
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={isChosen ? 600 : 400}>
          {message}
        </Text>
        <Text size="xs" c={isChosen ? undefined : 'dimmed'}>
          {by}, <Time value={at} />
        </Text>
      </Group>
    </UnstyledButton>
  </li>
);

type ShownProps = FileHistoryProps & {
  readonly change: RepositoryChange;
  readonly before: RepositoryChange | undefined;
};
const Shown = ({ place, path, change, before, mayEdit, take }: ShownProps) => {
  const texts = useQuery({
    queryKey: [...place.key, 'at', path, change.commit, before?.commit],
    queryFn: async ({ signal }) => ({
      after: await place.textAt(path, change.commit, signal),
      before: before === undefined ? '' : await place.textAt(path, before.commit, signal),
    }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={texts} title="The texts could not be read" skeleton={<Skeleton height={240} />}>
      {(both) => (
        <Stack gap="xs">
          <Suspense fallback={<Skeleton height={240} />}>
            <TextDiff path={path} before={both.before} after={both.after} />
          </Suspense>
          {mayEdit ? (
            <Group justify="flex-end">
              <Button variant="default" size="xs" onClick={() => take(both.after)}>
                Put this text into the editor
              </Button>
            </Group>
          ) : null}
        </Stack>
      )}
    </Loaded>
  );
};
