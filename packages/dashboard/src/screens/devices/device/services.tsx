import { Group, Stack, Text } from '@mantine/core';
import type { Device } from '@slipway/protocol';
import { counted } from '../../../parts/numbers.ts';
import { Panel } from '../../../parts/panel.tsx';
import { StateBadge } from '../../../parts/state-badge.tsx';

const TONES = { running: 'good', restarting: 'warning', stopped: 'bad' } as const;

export const Services = ({ device }: { readonly device: Device }) => (
  <Panel title="Services">
    {device.services.length === 0 ? (
      <Text size="sm" c="dimmed">
        The device reports no services.
      </Text>
    ) : (
      <Stack gap={8} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {device.services.map(({ name, state, starts }) => (
          <Group key={name} component="li" justify="space-between" wrap="nowrap">
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Text>
            <Group gap="xs" wrap="nowrap">
              <Text size="xs" c="dimmed">
                {starts > 1 ? `${counted(starts - 1, 'restart')} since boot` : ''}
              </Text>
              <StateBadge state={state} tone={TONES[state]} />
            </Group>
          </Group>
        ))}
      </Stack>
    )}
    {(device.telemetry?.failing ?? []).length === 0 ? null : (
      <Text size="sm" c="red" mt="sm">
        Gates that do not hold: {(device.telemetry?.failing ?? []).join(', ')}
      </Text>
    )}
  </Panel>
);
