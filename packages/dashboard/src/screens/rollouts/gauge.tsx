import { Box, Group, Text } from '@mantine/core';
import { count } from '../../parts/numbers.ts';
import type { Gauge } from './stages.ts';

/** Red that is read on both grounds. */
export const BAD_INK = 'light-dark(#c92a2a, #ff8787)';

type GaugeBarProps = {
  /** such as "Failures" */
  readonly label: string;
  readonly gauge: Gauge;
  /** reaching the limit is what is wanted, or what ends it */
  readonly kind: 'success' | 'failure';
};

const colorOf = ({ now, limit }: Gauge, kind: GaugeBarProps['kind']): string => {
  if (kind === 'success') return '#2f9e44';
  if (now >= limit) return '#e03131';
  return now * 2 >= limit ? '#e8590c' : '#f08c00';
};

/** How near a count is to its threshold: the mark at the right end of the bar. */
export const GaugeBar = ({ label, gauge, kind }: GaugeBarProps) => {
  const { now, limit, said } = gauge;
  const part = limit === 0 ? 0 : Math.min(1, now / limit);
  return (
    <Box
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(now, limit)}
      aria-valuetext={`${count(now)} of ${count(limit)}: ${said}`}
    >
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {label}
        </Text>
        <Text size="xs">
          <Text span inherit fw={600} c={kind === 'failure' && now >= limit ? BAD_INK : undefined}>
            {count(now)}
          </Text>{' '}
          <Text span inherit c="dimmed">
            of {count(limit)}
          </Text>
        </Text>
      </Group>
      <Box
        mt={3}
        h={6}
        pos="relative"
        bg="light-dark(var(--mantine-color-gray-2), var(--mantine-color-dark-5))"
        style={{
          borderRadius: 3,
          overflow: 'hidden',
          borderRight: `3px solid ${kind === 'failure' ? '#e03131' : '#2f9e44'}`,
        }}
      >
        <Box
          h={6}
          bg={colorOf(gauge, kind)}
          style={{ width: `${part * 100}%`, transition: 'width 300ms ease' }}
        />
      </Box>
      <Text size="xs" c="dimmed" mt={2}>
        {kind === 'failure' ? 'ends at ' : 'passes at '}
        {said}
      </Text>
    </Box>
  );
};
