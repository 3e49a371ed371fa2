import { Box, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Names and values of one thing, one below the other. What is null is left out. */
export const FactList = ({
  facts,
  nameWidth = 150,
}: {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  readonly nameWidth?: number;
}) => (
  <Box
    component="dl"
    m={0}
    style={{
      display: 'grid',
      gridTemplateColumns: `minmax(0, ${nameWidth}px) minmax(0, 1fr)`,
      gap: '6px 16px',
      fontSize: 'var(--mantine-font-size-sm)',
    }}
  >
    {facts
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => (
        <Box key={name} style={{ display: 'contents' }}>
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Box component="dd" m={0} style={{ overflowWrap: 'anywhere' }}>
            {value}
          </Box>
        </Box>
      ))}
  </Box>
);
