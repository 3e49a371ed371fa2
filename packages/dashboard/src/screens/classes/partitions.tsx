import { Box, Group, Stack, Text } from '@mantine/core';
import { bytes, percent } from '../../parts/numbers.ts';
import { layoutOf, type Partition } from './partition-layout.ts';

type PartitionsProps = {
  readonly sizes: { readonly esp: number; readonly root: number; readonly data: number };
  /** of the last build: how much of a root and of the ESP it takes, bytes */
  readonly used?: { readonly root: number | undefined; readonly esp: number | undefined } | undefined;
  readonly isBrief?: boolean;
};

const COLOR: Readonly<Record<Partition['name'], readonly [string, string]>> = {
  esp: ['light-dark(#dcc2ef, #57307a)', 'light-dark(#8a4fb5, #b98be0)'],
  'root-a': ['light-dark(#a9d3f2, #1f4f78)', 'light-dark(#1c6fb0, #6cb2ea)'],
  'root-b': ['light-dark(#a9d3f2, #1f4f78)', 'light-dark(#1c6fb0, #6cb2ea)'],
  data: ['light-dark(#b5dfb8, #22592c)', 'light-dark(#2f8a3c, #6fcf7c)'],
};

/** The disk of a class, drawn to scale; what the last build takes of a partition is the darker part. */
export const Partitions = ({ sizes, used, isBrief = false }: PartitionsProps) => {
  const parts = layoutOf(sizes, used);
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  const told = parts.map(({ name, size }) => `${name} ${bytes(size)}`).join(', ');
  return (
    <Stack gap={6}>
      <Group
        gap={2}
        wrap="nowrap"
        role="img"
        aria-label={`Partitions of ${bytes(total)} in all: ${told}`}
        h={isBrief ? 14 : 56}
      >
        {parts.map((part) => (
          <Part key={part.name} part={part} total={total} isBrief={isBrief} />
        ))}
      </Group>
      {isBrief ? null : (
        <Group gap="lg" style={{ rowGap: 4 }}>
          {parts.map(({ name, size, used: taken }) => (
            <Group key={name} gap={6} wrap="nowrap">
              <Box w={12} h={12} bg={COLOR[name][0]} style={{ borderRadius: 3 }} aria-hidden />
              <Text size="sm">
                <strong>{name}</strong> {bytes(size)}
                {taken === undefined ? '' : `, ${percent(taken, size)} taken (${bytes(taken)})`}
              </Text>
            </Group>
          ))}
        </Group>
      )}
    </Stack>
  );
};

type PartProps = { readonly part: Partition; readonly total: number; readonly isBrief: boolean };

const Part = ({ part: { name, size, used }, total, isBrief }: PartProps) => {
  const [ground, taken] = COLOR[name];
  return (
    <Box
      h="100%"
      pos="relative"
      bg={ground}
      title={`${name}: ${bytes(size)}`}
      style={{ flex: `${size / total} 1 0`, minWidth: 4, borderRadius: 4, overflow: 'hidden' }}
    >
      {used === undefined ? null : (
        <Box
          pos="absolute"
          left={0}
          bottom={0}
          h={isBrief ? '100%' : 6}
          w={`${Math.min(100, (used / size) * 100)}%`}
          bg={taken}
        />
      )}
      {isBrief ? null : (
        <Text size="xs" fw={600} px={6} pt={4} truncate c="light-dark(#16191c, #f1f3f5)">
          {name}
        </Text>
      )}
    </Box>
  );
};
