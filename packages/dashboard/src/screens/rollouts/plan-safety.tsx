import { Checkbox, SimpleGrid, Stack } from '@mantine/core';
import type { Draft, Typed } from './draft.ts';
import { FailureChoice } from './failure-choice.tsx';
import { NumberField } from './number-field.tsx';
import type { StepProps } from './planner.tsx';

export const PlanSafety = ({ draft, set }: StepProps) => {
  const number = (name: keyof Draft) => (value: Typed) => set({ [name]: value });
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <NumberField
          label="Too many are"
          unit="failed"
          placeholder="no number"
          value={draft.failureThreshold}
          onChange={number('failureThreshold')}
          min={1}
          max={1_000_000}
        />
        <NumberField
          label="or"
          unit="% failed"
          isDecimal
          placeholder="no share"
          value={draft.failurePercent}
          onChange={number('failurePercent')}
          max={100}
        />
        <NumberField
          label="Soak"
          unit="min"
          isDecimal
          placeholder="none"
          value={draft.soakMinutes}
          onChange={number('soakMinutes')}
          max={43_200}
        />
      </SimpleGrid>
      <FailureChoice value={draft.onFailure} onChange={(onFailure) => set({ onFailure })} />
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <NumberField
          label="Offer again to who failed"
          unit="times"
          placeholder="never"
          value={draft.retries}
          onChange={number('retries')}
          max={10}
        />
        <NumberField
          label="First after"
          unit="min"
          description="twice as long each time"
          isDecimal
          value={draft.backoffMinutes}
          onChange={number('backoffMinutes')}
          min={0.1}
          max={43_200}
        />
        <NumberField
          label="Then leave it alone for"
          unit="h"
          description="no rollout offers it anything"
          isDecimal
          placeholder="no time"
          value={draft.penaltyHours}
          onChange={number('penaltyHours')}
          max={720}
        />
      </SimpleGrid>
      <Checkbox
        label="Somebody else must approve before it starts"
        description="Whoever has the role approver or admin, but not you"
        checked={draft.approval}
        onChange={({ currentTarget }) => set({ approval: currentTarget.checked })}
      />
    </Stack>
  );
};
