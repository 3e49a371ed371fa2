import { SegmentedControl, Stack, Text } from '@mantine/core';
import type { Rollout, RolloutProgress } from '@slipway/protocol';
import { Plot, type Line } from '../../parts/plot.tsx';
import { count } from '../../parts/numbers.ts';
import { useSearch } from '../../parts/use-search.ts';
import { nameOfWave } from './stages.ts';

const add = (lines: readonly (readonly number[])[]): number[] =>
  lines.reduce<number[]>((sum, line) => line.map((value, at) => value + (sum[at] ?? 0)), []);

/** Devices that were offered the release, committed and failed so far, over time: of all waves, or of one. */
export const ProgressPlot = ({
  rollout,
  progress,
}: {
  readonly rollout: Rollout;
  readonly progress: RolloutProgress;
}) => {
  const [chosen, choose] = useSearch('plot', 'all');
  const waves = progress.waves.filter(({ index }) => chosen === 'all' || chosen === String(index));
  const sum = (of: 'offered' | 'committed' | 'failed') => add(waves.map((wave) => wave[of]));
  const lines: Line[] = [
    { label: 'Offered', values: sum('offered'), color: '#1c7ed6' },
    { label: 'Committed', values: sum('committed'), color: '#2f9e44' },
    { label: 'Failed', values: sum('failed'), color: '#e03131' },
  ];
  const [offered, committed, failed] = lines.map(({ values }) => values.at(-1) ?? 0);
  if (offered === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing has been offered yet. Once it has, you see here how devices take the release over time.
      </Text>
    );
  return (
    <Stack gap="xs">
      {progress.waves.length === 1 ? null : (
        <SegmentedControl
          size="xs"
          aria-label="Which wave"
          style={{ alignSelf: 'flex-start', maxWidth: '100%', overflowX: 'auto' }}
          value={chosen}
          onChange={choose}
          data={[
            { value: 'all', label: 'All waves' },
            ...progress.waves.slice(0, 5).map(({ index }) => ({
              value: String(index),
              label: shorten(nameOfWave(rollout.waves[index] ?? { index, name: null, who: {} })),
            })),
          ]}
        />
      )}
      <Plot
        label={`Devices over time: ${count(offered ?? 0)} offered, ${count(committed ?? 0)} committed, ${count(failed ?? 0)} failed so far`}
        times={progress.at.map((time) => Date.parse(time))}
        lines={lines}
        unit={whole}
        height={200}
      />
    </Stack>
  );
};

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '');
const shorten = (text: string): string => (text.length > 18 ? `${text.slice(0, 17)}…` : text);
