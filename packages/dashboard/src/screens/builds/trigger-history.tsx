import { Anchor, Badge, Group, Select, Stack, Text } from '@mantine/core';
import type { Trigger, TriggerDelivery } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconBolt } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import type { Tone } from '../../parts/states.ts';
import { toldOf } from './trigger-words.ts';

const TONES: Readonly<Record<TriggerDelivery['verdict'], Tone>> = {
  accepted: 'good',
  ignored: 'gone',
  refused: 'bad',
};

const COLUMNS: readonly Column<TriggerDelivery>[] = [
  { id: 'at', header: 'Came', width: 110, cell: ({ at }) => <Time value={at} /> },
  {
    id: 'verdict',
    header: 'Verdict',
    width: 120,
    cell: ({ verdict }) => <StateBadge state={verdict} tone={TONES[verdict]} />,
  },
  {
    id: 'why',
    header: 'What came',
    cell: ({ reason, replays, run }) => (
      <Stack gap={2}>
        <Text size="sm">{reason}</Text>
        {replays > 0 ? (
          <Text size="xs" c="dimmed">
            came {replays} times more
          </Text>
        ) : null}
        {run?.message == null ? null : (
          <Text size="xs" c="dimmed">
            {run.message}
          </Text>
        )}
      </Stack>
    ),
  },
  {
    id: 'builds',
    header: 'What became of it',
    cell: ({ builds }) => (
      <Stack gap={4}>
        {builds.length === 0 ? <Text c="dimmed">–</Text> : null}
        {builds.map(({ deviceClass, build, buildState, state, release, rollout, message }) => (
          <Group key={deviceClass} gap="xs">
            {build === null ? (
              <Text size="sm">{deviceClass}</Text>
            ) : (
              <Anchor component={Link} to={`/builds/${build}`} size="sm">
                {deviceClass}
              </Anchor>
            )}
            <StateBadge state={buildState ?? state} />
            {release === null ? null : (
              <Anchor component={Link} to={`/releases/${release}`} size="xs">
                release
              </Anchor>
            )}
            {rollout === null ? null : (
              <Anchor component={Link} to={`/rollouts/${rollout}`} size="xs">
                rollout
              </Anchor>
            )}
            {message === null ? null : (
              <Text size="xs" c="dimmed">
                {message}
              </Text>
            )}
          </Group>
        ))}
      </Stack>
    ),
  },
];

/** What set triggers off, and what came of it. */
export const TriggerHistory = () => {
  const [chosen, setChosen] = useSearch('trigger');
  const triggers = useQuery({
    queryKey: ['triggers'],
    queryFn: ({ signal }) => api.triggers.list({}, { signal }).all(500),
  });
  return (
    <Loaded query={triggers} title="The triggers could not be read">
      {(all) => {
        const trigger = all.find(({ name }) => name === chosen) ?? all[0];
        if (trigger === undefined)
          return (
            <Empty icon={IconBolt} title="No trigger yet">
              A trigger makes builds by itself: when somebody pushes, when an image is pushed to a registry,
              at a time, or when packages change upstream. Make one under{' '}
              <Anchor component={Link} to="/settings/triggers">
                Settings
              </Anchor>
              .
            </Empty>
          );
        return (
          <Panel
            title={`What set off ${trigger.name}`}
            isFlush
            actions={
              <Select
                aria-label="Trigger"
                size="xs"
                data={all.map(({ name }) => name)}
                value={trigger.name}
                onChange={(name) => setChosen(name ?? '')}
                allowDeselect={false}
              />
            }
          >
            <About trigger={trigger} />
            <Deliveries trigger={trigger} />
          </Panel>
        );
      }}
    </Loaded>
  );
};

const About = ({ trigger }: { readonly trigger: Trigger }) => (
  <Group px="md" pb="sm" gap="xs">
    {trigger.enabled ? null : (
      <Badge color="gray" variant="light" radius="sm" tt="none">
        switched off
      </Badge>
    )}
    <Text size="sm" c="dimmed">
      {toldOf(trigger)}
      {trigger.nextAt === null ? null : (
        <>
          , next <Time value={trigger.nextAt} />
        </>
      )}
    </Text>
  </Group>
);

const Deliveries = ({ trigger }: { readonly trigger: Trigger }) => {
  const deliveries = useQuery({
    queryKey: ['builds', 'deliveries', trigger.id],
    queryFn: ({ signal }) => api.triggers.listDeliveries(trigger.id, { limit: 100 }, { signal }).all(100),
  });
  return (
    <Loaded query={deliveries} title="What set it off could not be read">
      {(rows) => (
        <DataTable
          label={`Deliveries of ${trigger.name}`}
          columns={COLUMNS}
          rows={rows}
          rowKey={({ id }) => id}
          empty={
            <Empty icon={IconBolt} title="Nothing has set it off yet">
              Once something does, it is told here with what was made of it, also why nothing was.
            </Empty>
          }
        />
      )}
    </Loaded>
  );
};
