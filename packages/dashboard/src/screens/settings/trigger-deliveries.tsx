import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import type { Trigger, TriggerDelivery, TriggeredBuild } from '@slipway/protocol';
import { IconInbox } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FactList } from '../../parts/fact-list.tsx';
import { Failure } from '../../parts/failure.tsx';
import { More } from '../../parts/more.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';

const PAGE = 25;
const TONES = { accepted: 'good', ignored: 'gone', refused: 'bad' } as const;

const columns: Column<TriggerDelivery>[] = [
  { id: 'at', header: 'When', cell: ({ at }) => <Time value={at} /> },
  { id: 'event', header: 'Event', cell: ({ event }) => event },
  {
    id: 'verdict',
    header: 'Verdict',
    cell: ({ verdict, reason, replays }) => (
      <Box>
        <StateBadge state={verdict} tone={TONES[verdict]} />
        <Text size="xs" c="dimmed">
          {reason}
          {replays > 0 ? ` (came ${replays} more times)` : ''}
        </Text>
      </Box>
    ),
  },
  {
    id: 'builds',
    header: 'What became of it',
    cell: ({ builds, run }) =>
      builds.length === 0 ? (
        <Text size="sm" c="dimmed">
          {run === null ? 'nothing' : [run.state, run.message].filter(Boolean).join(': ')}
        </Text>
      ) : (
        <Stack gap={4}>
          {builds.map((build) => (
            <Triggered key={`${build.deviceClass} ${build.build ?? ''}`} build={build} />
          ))}
        </Stack>
      ),
  },
];

const Triggered = ({
  build: { deviceClass, state, build, message, rollout },
}: {
  readonly build: TriggeredBuild;
}) => (
  <Box>
    <Group gap={6}>
      {build === null ? (
        <Text size="sm">{deviceClass}</Text>
      ) : (
        <Anchor component={Link} to={`/builds/${build}`} size="sm">
          {deviceClass}
        </Anchor>
      )}
      <StateBadge
        state={state}
        tone={state === 'done' ? 'good' : state === 'superseded' ? 'gone' : undefined}
      />
      {rollout === null ? null : (
        <Anchor component={Link} to={`/rollouts/${rollout}`} size="sm">
          rollout
        </Anchor>
      )}
    </Group>
    {message === null ? null : (
      <Text size="xs" c="dimmed">
        {message}
      </Text>
    )}
  </Box>
);

/** What set a trigger off, and what became of it. */
export const TriggerDeliveries = ({ trigger }: { readonly trigger: Trigger }) => {
  const query = useInfiniteQuery({
    queryKey: ['builds', 'deliveries', trigger.id],
    queryFn: ({ pageParam, signal }) =>
      api.triggers.listDeliveries(trigger.id, { limit: PAGE }, { signal }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const deliveries = query.data?.pages.flatMap(({ items }) => items);
  return (
    <Panel title={`Deliveries to ${trigger.name}`} isFlush>
      <Box px="md" pb="sm">
        <FactList
          facts={[
            ['Id', <Copyable key="id" text={trigger.id} what="the id" />],
            [
              'Hook',
              trigger.hook === null ? null : (
                <Copyable
                  key="hook"
                  text={`${location.origin}${trigger.hook}`}
                  what="the address of the hook"
                />
              ),
            ],
            ['Joined within', `${trigger.windowSeconds} s`],
            ['At once', `${trigger.maxBuilds} builds of a class`],
          ]}
        />
      </Box>
      {query.error === null ? (
        <DataTable
          label={`Deliveries to ${trigger.name}`}
          columns={columns}
          rows={deliveries}
          rowKey={({ id }) => id}
          empty={
            <Empty icon={IconInbox} title="Nothing has come yet">
              Whatever sets it off is listed here, with the reason where nothing was built.
            </Empty>
          }
        />
      ) : (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      <More query={query} shown={deliveries?.length ?? 0} what="delivery" many="deliveries" />
    </Panel>
  );
};
