import { SimpleGrid, Stack, TextInput } from '@mantine/core';
import type { Draft, Typed } from './draft.ts';
import { ModeChoice } from './mode-choice.tsx';
import { NumberField } from './number-field.tsx';
import type { StepProps } from './planner.tsx';
import { WindowFields } from './window-fields.tsx';
import { ZONE } from './zone.ts';

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
        {moment('startAt', 'Starts', `at once if empty; ${ZONE}`)}
        {moment('endAt', 'Offers end', `never if empty; ${ZONE}`)}
      </SimpleGrid>
      <ModeChoice value={draft.mode} onChange={(mode) => set({ mode })} />
      <WindowFields windows={draft.windows} onChange={(windows) => set({ windows })} />
      {draft.windows.length === 0 && draft.mode !== 'soft'
        ? null
        : moment(
            'deadline',
            'Deadline',
            `after it neither windows nor a missing consent hold it back; ${ZONE}`,
          )}
    </Stack>
  );
};
