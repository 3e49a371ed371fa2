import {
  Anchor,
  Button,
  Card,
  Group,
  SegmentedControl,
  Select,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
} from '@mantine/core';
import { isOverRollout, type Rollout } from '@slipway/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconPlus, IconRocket } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { More } from '../../parts/more.tsx';
import { count, percent, span } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { useMay } from '../../session/session.tsx';
import { GaugeBar } from './gauge.tsx';
import { StageBar } from './stage-bar.tsx';
import { failureGauge, nameOfWave, stagesOfRollout, successOf, totalOf } from './stages.ts';

const AT_ONCE = 25;

export default function Screen() {
  const [deviceClass, setClass] = useSearch('class');
  const [which, setWhich] = useSearch('show', 'all');
  const mayRelease = useMay('release');
  const classes = useQuery({
    queryKey: ['classes', 'names'],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
  });
  const query = useInfiniteQuery({
    queryKey: ['rollouts', 'list', deviceClass],
    queryFn: ({ pageParam }) =>
      api.rollouts.list({ limit: AT_ONCE, ...(deviceClass === '' ? {} : { deviceClass }) }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const all = query.data?.pages.flatMap(({ items }) => items);
  const open = all?.filter(({ state }) => !isOverRollout(state));
  const rows =
    which === 'open' ? open : which === 'over' ? all?.filter(({ state }) => isOverRollout(state)) : all;
  return (
    <Page
      title="Rollouts"
      about="Bring a published release to devices, in waves that each must prove it."
      actions={
        mayRelease ? (
          <Button component={Link} to="/rollouts/new" leftSection={<IconPlus size={16} />}>
            New rollout
          </Button>
        ) : null
      }
    >
      {query.error === null ? null : (
        <Failure
          error={query.error}
          title="The rollouts could not be read"
          retry={() => void query.refetch()}
        />
      )}
      {all?.length === 0 && deviceClass === '' ? (
        <Card>
          <Empty
            icon={IconRocket}
            title="No rollout yet"
            action={
              mayRelease ? (
                <Button component={Link} to="/rollouts/new">
                  Plan the first one
                </Button>
              ) : undefined
            }
          >
            A rollout offers a release to devices: all at once, or a few first. It stops by itself where too
            many fail, and what has committed can be brought back.
          </Empty>
        </Card>
      ) : (
        <Stack>
          {open === undefined ? <Skeleton height={150} /> : null}
          {open === undefined || open.length === 0 ? null : (
            <SimpleGrid cols={{ base: 1, lg: Math.min(2, open.length) }}>
              {open.map((rollout) => (
                <OpenCard key={rollout.id} rollout={rollout} />
              ))}
            </SimpleGrid>
          )}
          <Panel
            title="All rollouts"
            isFlush
            actions={
              <>
                <SegmentedControl
                  size="xs"
                  aria-label="Which rollouts"
                  value={which}
                  onChange={setWhich}
                  data={[
                    { value: 'all', label: 'All' },
                    { value: 'open', label: 'Under way' },
                    { value: 'over', label: 'Over' },
                  ]}
                />
                <Select
                  size="xs"
                  w={170}
                  aria-label="Device class"
                  placeholder="every class"
                  clearable
                  value={deviceClass === '' ? null : deviceClass}
                  onChange={(value) => setClass(value ?? '')}
                  data={(classes.data ?? []).map(({ name }) => name)}
                />
              </>
            }
          >
            <DataTable
              label="Rollouts"
              columns={columns}
              rows={rows}
              rowKey={({ id }) => id}
              empty={
                <Text c="dimmed" size="sm" p="md">
                  None is like that.
                </Text>
              }
            />
            <More query={query} shown={all?.length ?? 0} what="rollout" />
          </Panel>
        </Stack>
      )}
    </Page>
  );
}

/** One that is under way: how far, which wave, how near to its end by failures. */
const OpenCard = ({ rollout }: { readonly rollout: Rollout }) => {
  const stages = stagesOfRollout(rollout);
  const wave = rollout.waves.find(
    ({ state }) => state === 'running' || state === 'soaking' || state === 'pending',
  );
  const failures = wave === undefined ? undefined : failureGauge(wave);
  return (
    <Card component="article" aria-label={`Rollout of ${rollout.version} to ${rollout.deviceClass}`}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Anchor component={Link} to={`/rollouts/${rollout.id}`} fw={600}>
              {rollout.version} to {rollout.deviceClass}
            </Anchor>
            <Text size="xs" c="dimmed">
              {wave === undefined
                ? `${rollout.waves.length} waves`
                : rollout.waves.length === 1
                  ? 'all at once'
                  : `wave ${wave.index + 1} of ${rollout.waves.length}: ${nameOfWave(wave)}`}{' '}
              · by {rollout.createdBy === '' ? 'unknown' : rollout.createdBy},{' '}
              <Time value={rollout.createdAt} />
            </Text>
          </div>
          <StateBadge state={rollout.state} />
        </Group>
        <StageBar counts={stages} label="Devices" height={14} hasLegend />
        {failures === undefined ? null : <GaugeBar label="Failures" gauge={failures} kind="failure" />}
        {rollout.reason === null ? null : <Text size="sm">{rollout.reason}</Text>}
      </Stack>
    </Card>
  );
};

const columns: readonly Column<Rollout>[] = [
  {
    id: 'version',
    header: 'Release',
    cell: ({ id, version, deviceClass }) => (
      <>
        <Link className="slipway-row-link" to={`/rollouts/${id}`}>
          {version}
        </Link>
        <Text size="xs" c="dimmed">
          {deviceClass}
        </Text>
      </>
    ),
  },
  { id: 'state', header: 'State', cell: ({ state }) => <StateBadge state={state} />, width: 130 },
  {
    id: 'progress',
    header: 'Devices',
    from: 'sm',
    width: '30%',
    cell: (rollout) => {
      const stages = stagesOfRollout(rollout);
      return (
        <>
          <StageBar counts={stages} label={`Devices of ${rollout.version}`} />
          <Text size="xs" c="dimmed" mt={2}>
            {count(stages.healthy)} of {count(totalOf(stages))} healthy
          </Text>
        </>
      );
    },
  },
  {
    id: 'success',
    header: 'Success',
    align: 'right',
    width: 90,
    cell: (rollout) => {
      const success = successOf(stagesOfRollout(rollout));
      return success === undefined ? '–' : percent(success, 1);
    },
  },
  { id: 'waves', header: 'Waves', align: 'right', from: 'md', width: 70, cell: ({ waves }) => waves.length },
  { id: 'by', header: 'By', from: 'md', cell: ({ createdBy }) => (createdBy === '' ? 'unknown' : createdBy) },
  {
    id: 'took',
    header: 'Took',
    align: 'right',
    from: 'lg',
    width: 110,
    cell: ({ createdAt, finishedAt }) =>
      finishedAt === null ? 'under way' : span(Date.parse(finishedAt) - Date.parse(createdAt)),
  },
  {
    id: 'at',
    header: 'Created',
    align: 'right',
    width: 120,
    cell: ({ createdAt }) => <Time value={createdAt} />,
  },
];
