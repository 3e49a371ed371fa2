import { Timeline, Text } from '@mantine/core';
import type { Rollout } from '@slipway/protocol';
import { IconCheck, IconClock } from '@tabler/icons-react';
import { Time } from '../../parts/time.tsx';
import { nameOfWave } from './stages.ts';

/** Who has to let what happen, and who did. */
export const Approvals = ({ rollout }: { readonly rollout: Rollout }) => {
  const given = rollout.approvals.filter(({ by }) => by !== null).length;
  return (
    <Timeline bulletSize={22} lineWidth={2} active={given - 1}>
      {rollout.approvals.map(({ what, by, at, comment }) => {
        const wave = what === 'start' ? undefined : rollout.waves[what];
        return (
          <Timeline.Item
            key={what}
            bullet={by === null ? <IconClock size={13} /> : <IconCheck size={13} />}
            title={
              <Text size="sm" fw={600}>
                {wave === undefined ? 'Start' : `Wave ${nameOfWave(wave)}`}
              </Text>
            }
          >
            <Text size="sm" c={by === null ? 'dimmed' : undefined}>
              {by === null ? (
                `by somebody with the role approver, other than ${rollout.createdBy}`
              ) : (
                <>
                  {by}, <Time value={at} />
                </>
              )}
            </Text>
            {comment === null ? null : <Text size="sm">“{comment}”</Text>}
          </Timeline.Item>
        );
      })}
    </Timeline>
  );
};
