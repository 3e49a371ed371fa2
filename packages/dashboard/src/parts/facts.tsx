import { SimpleGrid, Text, type StyleProp } from '@mantine/core';
import type { ReactNode } from 'react';

type FactsProps = {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  readonly cols?: StyleProp<number>;
};

/** Names and what they are, such as the facts of a release. */
export const Facts = ({ facts, cols = { base: 1, xs: 2, md: 3 } }: FactsProps) => (
  <SimpleGrid component="dl" cols={cols} spacing="md" verticalSpacing="sm" m={0}>
    {facts.map(([name, value]) => (
      <div key={name} style={{ minWidth: 0 }}>
        <Text component="dt" size="xs" c="dimmed">
          {name}
        </Text>
        <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
          {value}
        </Text>
      </div>
    ))}
  </SimpleGrid>
);
