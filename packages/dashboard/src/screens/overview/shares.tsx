import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { count, percent } from '../../parts/numbers.ts';

export type Share = {
  readonly key: string;
  readonly label: ReactNode;
  readonly to: string;
  readonly count: number;
  readonly color?: string;
};

/** How a whole is divided, as bars of one scale; each leads to the devices that it is of. */
export const Shares = ({ shares, total }: { readonly shares: readonly Share[]; readonly total: number }) => (
  <Stack gap={8} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
    {shares.map(({ key, label, to, count: many, color = 'var(--mantine-primary-color-filled)' }) => (
      <li key={key}>
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <Anchor component={Link} to={to} size="sm" c="inherit" truncate>
            {label}
          </Anchor>
          <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {count(many)} · {percent(many, total)}
          </Text>
        </Group>
        <Box h={6} mt={3} className="slipway-share-ground" aria-hidden>
          <Box
            h={6}
            style={{
              width: `${total === 0 ? 0 : Math.max(0.5, (many / total) * 100)}%`,
              background: color,
              borderRadius: 3,
            }}
          />
        </Box>
      </li>
    ))}
  </Stack>
);
