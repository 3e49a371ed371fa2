import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { rowsOf } from '../settings/class-trigger-words.ts';

/** What the class file names and that is no trigger, with why. */
export const NamedTriggers = ({ name }: { readonly name: string }) => {
  const places = useQuery({
    queryKey: ['class-triggers'],
    queryFn: ({ signal }) => api.classTriggers.list({ signal }),
  });
  const rows = (places.data ?? [])
    .filter(({ source }) => source === null)
    .flatMap(({ classes }) => classes)
    .filter(({ deviceClass }) => deviceClass === name)
    .flatMap(rowsOf)
    .filter(({ tone }) => tone !== 'good');
  return rows.map(({ key, what, label, tone, why }) => (
    <Group key={key} gap="xs" mt="xs">
      <StateBadge state={label} label={label} tone={tone} />
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {what}
        {why === null ? '' : `: ${why}`}
      </Text>
    </Group>
  ));
};
