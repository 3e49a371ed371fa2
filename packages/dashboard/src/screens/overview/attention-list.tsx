import { Anchor, Box, Group, Stack, Text, ThemeIcon, VisuallyHidden } from '@mantine/core';
import type { Attention, Severity } from '@slipway/protocol';
import { IconAlertOctagon, IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import { Link } from 'react-router';
import { Time } from '../../parts/time.tsx';
import { targetPath } from './targets.ts';

export const LOOKS: Readonly<
  Record<Severity, { readonly color: string; readonly icon: typeof IconInfoCircle; readonly word: string }>
> = {
  critical: { color: 'red', icon: IconAlertOctagon, word: 'critical' },
  warning: { color: 'orange', icon: IconAlertTriangle, word: 'warning' },
  info: { color: 'blue', icon: IconInfoCircle, word: 'for somebody to decide' },
};

const Item = ({ item }: { readonly item: Attention }) => {
  const { color, icon: Icon, word } = LOOKS[item.severity];
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start" py={8}>
      <ThemeIcon variant="light" color={color} size={28} radius="xl" aria-hidden mt={1}>
        <Icon size={16} />
      </ThemeIcon>
      <Box miw={0} flex={1}>
        <Anchor component={Link} to={targetPath(item.target)} size="sm" fw={600} c="inherit">
          <VisuallyHidden>{word}: </VisuallyHidden>
          {item.title}
        </Anchor>
        <Text size="sm" c="dimmed">
          {item.advice}
        </Text>
      </Box>
      {item.since === undefined ? null : (
        <Text size="xs" c="dimmed" mt={3} style={{ whiteSpace: 'nowrap' }} component="div">
          <Time value={item.since} />
        </Text>
      )}
    </Group>
  );
};

/** Worst first, each with what to do and where. */
export const AttentionList = ({ items }: { readonly items: readonly Attention[] }) =>
  items.length === 0 ? (
    <Text size="sm" c="dimmed">
      Builds, releases, rollouts, devices, certificates and webhooks are looked at whenever something changes.
      What goes wrong, or waits for somebody, stands here with what to do about it.
    </Text>
  ) : (
    <Stack component="ul" gap={0} m={0} p={0} className="slipway-attention" style={{ listStyle: 'none' }}>
      {items.map((item, at) => (
        <Item key={`${item.code} ${at}`} item={item} />
      ))}
    </Stack>
  );
