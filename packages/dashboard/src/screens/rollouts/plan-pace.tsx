import { SimpleGrid, Stack, TextInput } from '@mantine/core';
import { ModeChoice } from './mode-choice.tsx';
import { PaceFields } from './pace-fields.tsx';
import type { StepProps } from './planner.tsx';
import { WindowFields } from './window-fields.tsx';
import { ZONE } from './zone.ts';

export const PlanPace = ({ draft, set }: StepProps) => {
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
        <PaceFields pace={draft} set={set} usualPriority="alone (50)" />
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
