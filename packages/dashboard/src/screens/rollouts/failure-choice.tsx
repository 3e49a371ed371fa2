import { Radio, Stack } from '@mantine/core';
import type { OnFailure } from '@slipway/protocol';

const THEN: readonly { readonly value: OnFailure; readonly label: string; readonly about: string }[] = [
  { value: 'stop', label: 'End it', about: 'nothing more is offered; devices on trial finish' },
  { value: 'pause', label: 'Pause it', about: 'a person looks, and lets it go on or ends it' },
  {
    value: 'rollback',
    label: 'Roll back',
    about: 'devices that committed the release go back to the one before',
  },
];

type FailureProps = { readonly value: OnFailure; readonly onChange: (then: OnFailure) => void };

/** What becomes of a rollout in which too many devices failed. */
export const FailureChoice = ({ value, onChange }: FailureProps) => (
  <Radio.Group
    label="And then"
    value={value}
    onChange={(chosen) => onChange(THEN.find((one) => one.value === chosen)?.value ?? 'stop')}
  >
    <Stack gap="xs" mt="xs">
      {THEN.map(({ value: then, label, about }) => (
        <Radio key={then} value={then} label={label} description={about} />
      ))}
    </Stack>
  </Radio.Group>
);
