import { Badge } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArchive,
  IconBan,
  IconCheck,
  IconCircleDashed,
  IconClock,
  IconLoader,
  IconPlayerPause,
  IconX,
} from '@tabler/icons-react';
import { toneOfState, type Tone } from './states.ts';

const LOOKS: Readonly<Record<Tone, { readonly color: string; readonly icon: typeof IconCheck }>> = {
  good: { color: 'green', icon: IconCheck },
  busy: { color: 'blue', icon: IconLoader },
  waiting: { color: 'gray', icon: IconClock },
  paused: { color: 'yellow', icon: IconPlayerPause },
  warning: { color: 'orange', icon: IconAlertTriangle },
  bad: { color: 'red', icon: IconX },
  gone: { color: 'gray', icon: IconBan },
  old: { color: 'gray', icon: IconArchive },
  none: { color: 'gray', icon: IconCircleDashed },
};

export const colorOfTone = (tone: Tone): string => LOOKS[tone].color;

/** A state, told by word and sign, not by colour alone. */
export const StateBadge = ({
  state,
  label,
  tone,
}: {
  readonly state: string;
  readonly label?: string;
  readonly tone?: Tone;
}) => {
  const { color, icon: Icon } = LOOKS[tone ?? toneOfState(state)];
  return (
    <Badge
      variant="light"
      color={color}
      radius="sm"
      tt="none"
      fw={600}
      autoContrast
      // A table would cut off the word before it wraps anything else.
      miw="max-content"
      className={`slipway-tone slipway-tone-${color}`}
      leftSection={<Icon size={12} stroke={2.5} aria-hidden />}
    >
      {label ?? state.toLowerCase().replaceAll('_', ' ')}
    </Badge>
  );
};
