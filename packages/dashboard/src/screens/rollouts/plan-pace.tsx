import {
  ActionIcon,
  Button,
  Chip,
  Fieldset,
  Group,
  Radio,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import type { MaintenanceWindow } from '@slipway/protocol';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { Draft, Typed } from './draft.ts';
import { NumberField } from './number-field.tsx';
import type { StepProps } from './planner.tsx';
import { DAYS } from './windows.ts';

const MODES: readonly { readonly value: Draft['mode']; readonly label: string; readonly about: string }[] = [
  { value: 'install', label: 'By itself', about: 'installs and restarts, within the windows' },
  {
    value: 'soft',
    label: 'With consent',
    about: 'waits until somebody at the device consents, or for the deadline',
  },
  {
    value: 'download',
    label: 'Download only',
    about: 'verified in the slot, and not started before you say so',
  },
];

const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'longOffset' })
  .formatToParts(new Date())
  .find(({ type }) => type === 'timeZoneName')?.value;
const zoneText = `in ${Intl.DateTimeFormat().resolvedOptions().timeZone} (${zone ?? 'UTC'})`;

export const PlanPace = ({ draft, set }: StepProps) => {
  const number = (name: keyof Draft) => (value: Typed) => set({ [name]: value });
  const moment = (name: 'startAt' | 'endAt' | 'deadline', label: string, about: string) => (
    <TextInput
      type="datetime-local"
      label={label}
      description={about}
      value={draft[name]}
      onChange={({ currentTarget }) => set({ [name]: currentTarget.value })}
    />
  );
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, xs: 2, sm: 4 }}>
        <NumberField
          label="At once"
          unit="devices"
          value={draft.maxInFlight}
          onChange={number('maxInFlight')}
          min={1}
          max={1_000_000}
        />
        <NumberField
          label="Offers"
          unit="a minute"
          placeholder="no limit"
          value={draft.maxPerMinute}
          onChange={number('maxPerMinute')}
          min={1}
        />
        <NumberField
          label="Wait for offline ones"
          unit="h"
          isDecimal
          placeholder="for ever"
          value={draft.offlineHours}
          onChange={number('offlineHours')}
          max={720}
        />
        <NumberField
          label="Priority"
          unit="of 100"
          placeholder="alone (50)"
          value={draft.priority}
          onChange={number('priority')}
          max={100}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {moment('startAt', 'Starts', `at once if empty; ${zoneText}`)}
        {moment('endAt', 'Offers end', `never if empty; ${zoneText}`)}
      </SimpleGrid>
      <Radio.Group
        label="How devices take it"
        value={draft.mode}
        onChange={(value) => set({ mode: MODES.find((one) => one.value === value)?.value ?? 'install' })}
      >
        <Stack gap="xs" mt="xs">
          {MODES.map(({ value, label, about }) => (
            <Radio key={value} value={value} label={label} description={about} />
          ))}
        </Stack>
      </Radio.Group>
      <Windows windows={draft.windows} onChange={(windows) => set({ windows })} />
      {draft.windows.length === 0 && draft.mode !== 'soft'
        ? null
        : moment(
            'deadline',
            'Deadline',
            `after it neither windows nor a missing consent hold it back; ${zoneText}`,
          )}
    </Stack>
  );
};

type WindowsProps = {
  readonly windows: readonly MaintenanceWindow[];
  readonly onChange: (windows: readonly MaintenanceWindow[]) => void;
};

const Windows = ({ windows, onChange }: WindowsProps) => {
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
