import { Radio, Stack } from '@mantine/core';
import type { Draft } from './draft.ts';

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

type ModeProps = { readonly value: Draft['mode']; readonly onChange: (mode: Draft['mode']) => void };

/** How devices take what they are offered. */
export const ModeChoice = ({ value, onChange }: ModeProps) => (
  <Radio.Group
    label="How devices take it"
    value={value}
    onChange={(chosen) => onChange(MODES.find((one) => one.value === chosen)?.value ?? 'install')}
  >
    <Stack gap="xs" mt="xs">
      {MODES.map(({ value: mode, label, about }) => (
        <Radio key={mode} value={mode} label={label} description={about} />
      ))}
    </Stack>
  </Radio.Group>
);
