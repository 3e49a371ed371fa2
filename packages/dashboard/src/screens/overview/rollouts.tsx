import { Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import type { Rollout } from '@slipway/protocol';
import { IconRocket } from '@tabler/icons-react';
import { Link } from 'react-router';
import { Empty } from '../../parts/empty.tsx';
import { count, percent } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useMaySomewhere } from '../../session/session.tsx';
import { sharesOf, type Shares } from './rollout-share.ts';

const PARTS = [
  ['done', 'green', 'done'],
  ['busy', 'blue', 'under way'],
  ['failed', 'red', 'failed'],
  ['waiting', 'gray', 'waiting'],
] as const;

/** How far a rollout is, as a bar whose parts are told in words below it. */
const Bar = ({ shares }: { readonly shares: Shares }) => {
  const parts = PARTS.filter(([key]) => shares[key] > 0);
  const words = parts.map(([key, , word]) => `${count(shares[key])} ${word}`).join(', ');
  return (
    <>
      <Progress.Root size={10} radius="sm" aria-hidden>
        {parts
          .filter(([key]) => key !== 'waiting')
          .map(([key, color]) => (
            <Progress.Section
              key={key}
              value={(shares[key] / Math.max(1, shares.total)) * 100}
              color={color}
              withAria={false}
            />
          ))}
      </Progress.Root>
      <Text size="xs" c="dimmed" mt={4}>
        {words === '' ? 'No device yet' : words}
      </Text>
    </>
  );
};

const One = ({ rollout }: { readonly rollout: Rollout }) => {
  const shares = sharesOf(rollout);
  const begun = rollout.waves.filter(({ startedAt }) => startedAt !== null).length;
  const decided = shares.done + shares.failed;
  return (
    <div>
      <Group justify="space-between" mb={6} gap="xs">
        <Group gap="xs">
          <Anchor component={Link} to={`/rollouts/${rollout.id}`} size="sm" fw={600} c="inherit">
            {rollout.version} to {rollout.deviceClass}
          </Anchor>
          <StateBadge state={rollout.state} />
        </Group>
        <Text size="xs" c="dimmed">
          wave {Math.max(1, begun)} of {rollout.waves.length}
          {decided === 0
            ? ''
            : ` · ${percent(shares.failed, decided)} failed, stops at ${rollout.failureThreshold}`}
        </Text>
      </Group>
      <Bar shares={shares} />
    </div>
  );
};

export const RolloutsUnderWay = ({ rollouts }: { readonly rollouts: readonly Rollout[] }) => {
  const may = useMaySomewhere('release');
  if (rollouts.length === 0)
    return (
      <Empty
        icon={IconRocket}
        title="No rollout is under way"
        action={
          may ? (
            <Button component={Link} to="/rollouts/new" variant="light" size="xs">
              Plan a rollout
            </Button>
          ) : null
        }
      >
        A rollout brings a published release to devices in waves, and stops by itself where too many fail.
      </Empty>
    );
  return (
    <Stack gap="md">
      {rollouts.map((rollout) => (
        <One key={rollout.id} rollout={rollout} />
      ))}
    </Stack>
  );
};
