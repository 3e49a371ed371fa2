import { Box, Group, Text, Tooltip } from '@mantine/core';
import { count, percent } from '../../parts/numbers.ts';
import { STAGES, totalOf, type StageCounts } from './stages.ts';

type StageBarProps = {
  readonly counts: StageCounts;
  /** whose, for those who hear it */
  readonly label: string;
  readonly height?: number;
  /** with the numbers below it */
  readonly hasLegend?: boolean;
};

const said = (counts: StageCounts): string =>
  STAGES.filter(({ stage }) => counts[stage] > 0)
    .map(({ stage, label }) => `${count(counts[stage])} ${label.toLowerCase()}`)
    .join(', ') || 'no devices';

/** Where devices are, as parts of one bar. */
export const StageBar = ({ counts, label, height = 10, hasLegend = false }: StageBarProps) => {
  const total = totalOf(counts);
  return (
    <Box>
      <Group
        gap={2}
        wrap="nowrap"
        role="img"
        aria-label={`${label}: ${said(counts)}`}
        style={{ height, borderRadius: height / 2, overflow: 'hidden' }}
        bg="light-dark(var(--mantine-color-gray-2), var(--mantine-color-dark-5))"
      >
        {STAGES.filter(({ stage }) => counts[stage] > 0).map(({ stage, label: name, color }) => (
          <Tooltip key={stage} label={`${name}: ${count(counts[stage])} (${percent(counts[stage], total)})`}>
            <Box
              h={height}
              bg={
                stage === 'open'
                  ? 'light-dark(var(--mantine-color-gray-4), var(--mantine-color-dark-3))'
                  : color
              }
              style={{
                flexGrow: counts[stage],
                flexBasis: 0,
                minWidth: 3,
                transition: 'flex-grow 300ms ease',
              }}
            />
          </Tooltip>
        ))}
      </Group>
      {hasLegend ? <StageLegend counts={counts} /> : null}
    </Box>
  );
};

/** Number and word of each stage with devices in it. */
export const StageLegend = ({ counts }: { readonly counts: StageCounts }) => (
  <Group gap="md" mt={6} style={{ rowGap: 4 }}>
    {STAGES.filter(({ stage }) => counts[stage] > 0).map(({ stage, label, about, color }) => (
      <Tooltip key={stage} label={about}>
        <Group gap={6} wrap="nowrap">
          <Box
            w={9}
            h={9}
            bg={
              stage === 'open'
                ? 'light-dark(var(--mantine-color-gray-4), var(--mantine-color-dark-3))'
                : color
            }
            style={{ borderRadius: 3, flexShrink: 0 }}
            aria-hidden
          />
          <Text size="xs" c="dimmed">
            <Text span inherit c="var(--mantine-color-text)" fw={600}>
              {count(counts[stage])}
            </Text>{' '}
            {label.toLowerCase()}
          </Text>
        </Group>
      </Tooltip>
    ))}
  </Group>
);
