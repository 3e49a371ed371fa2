import { Card, Group, SimpleGrid, Stack, Text, UnstyledButton } from '@mantine/core';
import { ExecutionState, type Rollout, type Wave } from '@slipway/protocol';
import { count, span } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { GaugeBar } from './gauge.tsx';
import { StageBar, StageLegend } from './stage-bar.tsx';
import { failureGauge, nameOfWave, sharesFailures, stagesOfWave, successGauge, whoText } from './stages.ts';

type WaveGridProps = {
  readonly rollout: Rollout;
  /** shows its devices */
  readonly onChoose: (wave: number) => void;
};

/** Every wave with its counts, as they are now. */
export const WaveGrid = ({ rollout, onChoose }: WaveGridProps) => (
  <SimpleGrid
    cols={{ base: 1, sm: Math.min(2, rollout.waves.length), lg: Math.min(3, rollout.waves.length) }}
  >
    {rollout.waves.map((wave) => (
      <WaveCard key={wave.index} wave={wave} isAlone={rollout.waves.length === 1} onChoose={onChoose} />
    ))}
  </SimpleGrid>
);

const LABELS: Partial<Record<Wave['state'], string>> = {
  pending: 'needs approval',
};

const WaveCard = ({
  wave,
  isAlone,
  onChoose,
}: {
  readonly wave: Wave;
  readonly isAlone: boolean;
  readonly onChoose: (wave: number) => void;
}) => {
  const stages = stagesOfWave(wave);
  const failures = failureGauge(wave);
  const states = ExecutionState.options.filter((state) => (wave.counts[state] ?? 0) > 0);
  const name = isAlone ? 'All devices' : nameOfWave(wave);
  return (
    <Card padding="sm" component="article" aria-label={`Wave ${name}`}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" gap="xs" align="flex-start" wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Text>
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {wave.size === null ? 'devices not known yet' : `${count(wave.size)} devices`}
              {wave.name === null || isAlone || wave.who.count === wave.size ? '' : ` · ${whoText(wave.who)}`}
              {wave.soakSeconds > 0 ? ` · soak ${span(wave.soakSeconds * 1000)}` : ''}
              {wave.maxInFlight === null ? '' : ` · ${count(wave.maxInFlight)} at once`}
            </Text>
          </div>
          <div style={{ flexShrink: 0 }}>
            <StateBadge
              state={wave.state}
              {...(LABELS[wave.state] === undefined ? {} : { label: LABELS[wave.state] })}
            />
          </div>
        </Group>
        <StageBar counts={stages} label={`Devices of wave ${name}`} height={14} />
        <StageLegend counts={stages} />
        {wave.state === 'soaking' && wave.soakUntil !== null ? (
          <Text size="xs">
            Soaks until <Time value={wave.soakUntil} as="local" /> (<Time value={wave.soakUntil} />)
          </Text>
        ) : null}
        {wave.offline > 0 ? (
          <Text size="xs" c="dimmed">
            {count(wave.offline)} of those to come are offline: offered once they are back
          </Text>
        ) : null}
        {(wave.skipped ?? 0) > 0 ? (
          <Text size="xs" c="dimmed">
            {count(wave.skipped ?? 0)} left out, because they were offline for too long
          </Text>
        ) : null}
        {wave.startedAt === null ? null : (
          <SimpleGrid cols={2} spacing="md">
            <GaugeBar label="Healthy" gauge={successGauge(wave)} kind="success" />
            {failures === undefined ? null : (
              <GaugeBar
                label={sharesFailures(wave) ? 'Failures, with the waves before' : 'Failures'}
                gauge={failures}
                kind="failure"
              />
            )}
          </SimpleGrid>
        )}
        <Group gap="xs" justify="space-between" mt="auto">
          <Text size="xs" c="dimmed">
            {wave.startedAt === null ? (
              'not begun'
            ) : (
              <>
                began <Time value={wave.startedAt} />
                {wave.finishedAt === null
                  ? null
                  : ` · took ${span(new Date(wave.finishedAt).getTime() - new Date(wave.startedAt).getTime())}`}
              </>
            )}
          </Text>
          {states.length === 0 ? null : (
            <UnstyledButton onClick={() => onChoose(wave.index)}>
              <Text size="xs" c="var(--mantine-color-anchor)" fw={500}>
                Devices of this wave
              </Text>
            </UnstyledButton>
          )}
        </Group>
      </Stack>
    </Card>
  );
};
