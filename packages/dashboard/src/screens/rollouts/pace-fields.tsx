import type { Typed } from './draft.ts';
import { NumberField } from './number-field.tsx';

type Pace = {
  readonly maxInFlight: Typed;
  readonly maxPerMinute: Typed;
  readonly offlineHours: Typed;
  readonly priority: Typed;
};
type PaceFieldsProps = {
  readonly pace: Pace;
  readonly set: (change: Partial<Pace>) => void;
  /** what counts where no priority is given; undefined: one must be */
  readonly usualPriority?: string;
};

/** How fast a rollout goes: as it is planned, and as it is changed. */
export const PaceFields = ({ pace, set, usualPriority }: PaceFieldsProps) => (
  <>
    <NumberField
      label="At once"
      unit="devices"
      value={pace.maxInFlight}
      onChange={(maxInFlight) => set({ maxInFlight })}
      min={1}
      max={1_000_000}
    />
    <NumberField
      label="Offers"
      unit="a minute"
      placeholder="no limit"
      value={pace.maxPerMinute}
      onChange={(maxPerMinute) => set({ maxPerMinute })}
      min={1}
    />
    <NumberField
      label="Wait for offline"
      unit="h"
      isDecimal
      placeholder="for ever"
      value={pace.offlineHours}
      onChange={(offlineHours) => set({ offlineHours })}
      max={720}
    />
    <NumberField
      label="Priority"
      unit="of 100"
      {...(usualPriority === undefined ? {} : { placeholder: usualPriority })}
      value={pace.priority}
      onChange={(priority) => set({ priority })}
      max={100}
    />
  </>
);
