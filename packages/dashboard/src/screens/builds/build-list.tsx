import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { BuildState, type Build } from '@slipway/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconHammer } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { counted, span } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { BuildProgress } from './build-progress.tsx';
import { durationMs, whyBuilt } from './why.ts';

const COLUMNS: readonly Column<Build>[] = [
  {
    id: 'build',
    header: 'Build',
    cell: ({ id, deviceClass, version }) => (
      <Link className="slipway-row-link" to={`/builds/${id}`}>
        {deviceClass} {version}
      </Link>
    ),
  },
  { id: 'state', header: 'State', cell: (build) => <BuildProgress build={build} /> },
  {
    id: 'why',
    header: 'Why',
    from: 'sm',
    cell: (build) => (
      <Text span size="sm">
        {whyBuilt(build)}
        {build.causes.length > 1 ? ` and ${build.causes.length - 1} more` : ''}
      </Text>
    ),
  },
  {
    id: 'took',
    header: 'Took',
    align: 'right',
    from: 'sm',
    cell: (build) => {
      const ms = durationMs(build, Date.now());
      return ms === undefined ? '–' : span(ms);
    },
  },
  {
    id: 'asked',
    header: 'Asked for',
    align: 'right',
    cell: ({ createdAt }) => <Time value={createdAt} />,
  },
];

/** Builds, newest first, of a class and in a state if so chosen. */
export const BuildList = ({ newBuild }: { readonly newBuild: (() => void) | undefined }) => {
  const [deviceClass, setClass] = useSearch('class');
  const [state, setState] = useSearch('state');
  const chosen = BuildState.safeParse(state);
  const classes = useQuery({
    queryKey: ['device-classes', null],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
  });
  const builds = useInfiniteQuery({
    queryKey: ['builds', 'list', deviceClass, state],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      api.builds
        .list(
          {
            limit: 50,
            ...(deviceClass === '' ? {} : { deviceClass }),
            ...(chosen.success ? { state: chosen.data } : {}),
          },
          { signal },
        )
        .page(pageParam),
    getNextPageParam: ({ next }) => next,
  });
  const rows = builds.data?.pages.flatMap(({ items }) => items);
  const isFiltered = deviceClass !== '' || state !== '';
  return (
    <Panel
      title="Builds"
      isFlush
      actions={
        <Group gap="xs">
          <Select
            aria-label="Class"
            placeholder="All classes"
            size="xs"
            w={160}
            clearable
            searchable
            data={(classes.data ?? []).map(({ name }) => name as string)}
            value={deviceClass === '' ? null : deviceClass}
            onChange={(value) => setClass(value ?? '')}
          />
          <Select
            aria-label="State"
            placeholder="All states"
            size="xs"
            w={130}
            clearable
            data={[...BuildState.options]}
            value={state === '' ? null : state}
            onChange={(value) => setState(value ?? '')}
          />
        </Group>
      }
    >
      {builds.error === null || rows !== undefined ? (
        <Stack gap={0}>
          <DataTable
            label="List of builds"
            columns={COLUMNS}
            rows={rows}
            rowKey={({ id }) => id}
            skeletonRows={10}
            empty={
              isFiltered ? (
                <Empty icon={IconHammer} title="No such builds">
                  None is of this class and in this state. Take a filter away to see others.
                </Empty>
              ) : (
                <Empty
                  icon={IconHammer}
                  title="Nothing was built yet"
                  action={newBuild === undefined ? undefined : <Button onClick={newBuild}>New build</Button>}
                >
                  A build makes the image of a device class from its image files, and at its end a signed
                  release. Ask for the first one, or let a trigger do so when somebody pushes.
                </Empty>
              )
            }
          />
          {builds.hasNextPage ? (
            <Group justify="center" p="sm">
              <Button
                variant="default"
                size="xs"
                loading={builds.isFetchingNextPage}
                onClick={() => void builds.fetchNextPage()}
              >
                Older than these {counted(rows?.length ?? 0, 'build')}
              </Button>
            </Group>
          ) : null}
        </Stack>
      ) : (
        <Failure
          error={builds.error}
          title="The builds could not be read"
          retry={() => void builds.refetch()}
        />
      )}
    </Panel>
  );
};
