import { ActionIcon, Button, Chip, Fieldset, Group, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import type { MaintenanceWindow } from '@slipway/protocol';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { DAYS } from './windows.ts';

type WindowsProps = {
  readonly windows: readonly MaintenanceWindow[];
  readonly onChange: (windows: readonly MaintenanceWindow[]) => void;
};

/** When devices may restart. */
export const WindowFields = ({ windows, onChange }: WindowsProps) => {
  const replace = (at: number, change: Partial<MaintenanceWindow>): void =>
    onChange(windows.map((one, n) => (n === at ? { ...one, ...change } : one)));
  return (
    <Fieldset legend="Maintenance windows" p="sm">
      <Stack gap="sm">
        <Text size="xs" c="dimmed">
          When a device may restart, in its own time. Without any: at any time.
        </Text>
        {windows.map(({ days, from, to }, at) => (
          <Group key={at} gap="sm" align="flex-end">
            <TextInput
              type="time"
              label="From"
              size="xs"
              value={from}
              onChange={({ currentTarget }) => replace(at, { from: currentTarget.value })}
            />
            <TextInput
              type="time"
              label="To"
              size="xs"
              value={to}
              onChange={({ currentTarget }) => replace(at, { to: currentTarget.value })}
            />
            <Chip.Group
              multiple
              value={(days ?? [1, 2, 3, 4, 5, 6, 7]).map(String)}
              onChange={(value) => {
                const chosen = value.map(Number);
                const rest = windows.map((one, n) => (n === at ? { from: one.from, to: one.to } : one));
                onChange(
                  chosen.length === 7 || chosen.length === 0
                    ? rest
                    : rest.map((one, n) => (n === at ? { ...one, days: chosen } : one)),
                );
              }}
            >
              <Group gap={4} role="group" aria-label={`Days of window ${at + 1}`}>
                {DAYS.map((day, n) => (
                  <Chip key={day} value={String(n + 1)} size="xs">
                    {day}
                  </Chip>
                ))}
              </Group>
            </Chip.Group>
            <Tooltip label={`Remove window ${at + 1}`}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove window ${at + 1}`}
                onClick={() => onChange(windows.filter((_, n) => n !== at))}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...windows, { from: '02:00', to: '04:00' }])}
          disabled={windows.length >= 16}
          style={{ alignSelf: 'flex-start' }}
        >
          Add a window
        </Button>
      </Stack>
    </Fieldset>
  );
};
