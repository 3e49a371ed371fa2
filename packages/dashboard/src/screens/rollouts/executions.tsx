import { Anchor, Button, Group, Progress, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { ExecutionState, isTerminal, type Execution, type Rollout } from '@slipway/protocol';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { IconDevicesX } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { bytes, count, span } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { nameOfWave } from './stages.ts';

const AT_ONCE = 50;

const took = ({ createdAt, updatedAt }: Execution): string =>
  span(Date.parse(updatedAt) - Date.parse(createdAt));

const columns: readonly Column<Execution>[] = [
  {
    id: 'device',
    header: 'Device',
    width: 160,
    cell: ({ device }) => (
      <Anchor component={Link} to={`/devices/${device}`} size="sm" fw={500}>
        {device}
      </Anchor>
    ),
  },
  { id: 'state', header: 'State', cell: ({ state }) => <StateBadge state={state} />, width: 140 },
  {
    id: 'why',
    header: 'Why',
    from: 'sm',
    cell: ({ code, message }) =>
      code === null ? (
        (message ?? '')
      ) : (
        <Text span size="sm" title={message ?? undefined}>
          <Text span inherit className="slipway-mono">
            {code}
          </Text>
          {message === null ? '' : ` ${message}`}
        </Text>
      ),
  },
  {
    id: 'bytes',
    header: 'Loaded',
    align: 'right',
    from: 'md',
    cell: (execution) => <Loaded execution={execution} />,
    width: 150,
  },
  { id: 'wave', header: 'Wave', align: 'right', from: 'md', cell: ({ wave }) => wave + 1, width: 70 },
  { id: 'took', header: 'Took', align: 'right', from: 'sm', cell: took, width: 110 },
  {
    id: 'at',
    header: 'Last heard',
    align: 'right',
    cell: ({ updatedAt }) => <Time value={updatedAt} />,
    width: 120,
  },
];

const Loaded = ({ execution }: { readonly execution: Execution }) => {
  const { state, bytesDone, bytesTotal, bytesReceived, bytesReused } = execution;
  if (!isTerminal(state) && bytesDone > 0 && bytesDone < bytesTotal)
    return (
      <Progress
        value={(bytesDone / bytesTotal) * 100}
        aria-label={`${bytes(bytesDone)} of ${bytes(bytesTotal)} in place`}
      />
    );
  if (bytesReceived + bytesReused === 0) return <>–</>;
  return (
    <Text span size="sm" title={`${bytes(bytesReused)} reused`}>
      {bytes(bytesReceived)}
    </Text>
  );
};

/** Every device of a rollout, as far as it was offered the release. */
export const Executions = ({ rollout }: { readonly rollout: Rollout }) => {
  const [wave, setWave] = useSearch('wave');
  const [state, setState] = useSearch('state');
  const [code, setCode] = useSearch('code');
  const later = useDebouncedCallback(setCode, 300);
  const parsed = ExecutionState.safeParse(state);
  const filter = {
    ...(wave === '' ? {} : { wave: Number(wave) }),
    ...(parsed.success ? { state: parsed.data } : {}),
    ...(code === '' ? {} : { code }),
  };
  const query = useInfiniteQuery({
    queryKey: ['executions', 'rollout', rollout.id, filter],
    queryFn: ({ pageParam }) =>
      api.rollouts.listExecutions(rollout.id, { ...filter, limit: AT_ONCE, count: true }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flatMap(({ items }) => items);
  const total = query.data?.pages[0]?.total;
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        {rollout.waves.length < 2 ? null : (
          <Select
            label="Wave"
            size="xs"
            clearable
            placeholder="all"
            value={wave === '' ? null : wave}
            onChange={(value) => setWave(value ?? '')}
            data={rollout.waves.map((one) => ({ value: String(one.index), label: nameOfWave(one) }))}
          />
        )}
        <Select
          label="State"
          size="xs"
          clearable
          placeholder="all"
          value={state === '' ? null : state}
          onChange={(value) => setState(value ?? '')}
          data={ExecutionState.options.map((value) => ({
            value,
            label: value.toLowerCase().replaceAll('_', ' '),
          }))}
        />
        <TextInput
          label="Code"
          size="xs"
          placeholder="such as TRIAL_GATE_FAILED"
          key={code}
          defaultValue={code}
          onChange={({ currentTarget }) => later(currentTarget.value.trim().toUpperCase())}
        />
        {total === undefined ? null : (
          <Text size="sm" c="dimmed" role="status">
            {count(total)} found
          </Text>
        )}
      </Group>
      {query.error === null ? (
        <DataTable
          label="Devices of the rollout"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          empty={
            <Empty icon={IconDevicesX} title="No device is like that">
              {Object.keys(filter).length === 0
                ? 'The release was offered to nobody yet. Devices appear here with their first offer.'
                : 'Take a filter away to see more.'}
            </Empty>
          }
        />
      ) : (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      {query.hasNextPage ? (
        <Button
          variant="default"
          onClick={() => void query.fetchNextPage()}
          loading={query.isFetchingNextPage}
        >
          Show more
        </Button>
      ) : null}
    </Stack>
  );
};
