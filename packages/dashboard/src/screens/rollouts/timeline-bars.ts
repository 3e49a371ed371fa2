import type { WavePreview } from '@slipway/protocol';

/** Where a wave lies on the whole time, both 0 to 1. */
export type Bar = { readonly index: number; readonly from: number; readonly to: number };

/** Waves on one line of time; none where nobody knows how long devices take. */
export const barsOf = (waves: readonly WavePreview[]): readonly Bar[] => {
  const known = waves.flatMap(({ index, startsAt, endsAt }) =>
    startsAt === null || endsAt === null
      ? []
      : [{ index, starts: Date.parse(startsAt), ends: Date.parse(endsAt) }],
  );
  if (known.length === 0) return [];
  const begin = Math.min(...known.map(({ starts }) => starts));
  const whole = Math.max(1, ...known.map(({ ends }) => ends - begin));
  return known.map(({ index, starts, ends }) => ({
    index,
    from: (starts - begin) / whole,
    to: Math.max((ends - begin) / whole, (starts - begin) / whole + 0.01),
  }));
};
