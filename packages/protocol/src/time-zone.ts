import { z } from 'zod';

/** Name of a time zone, such as `Europe/Berlin`; whether there is such a zone is not said. */
export const TimeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, 'a time zone such as Europe/Berlin');

const clocks = new Map<string, Intl.DateTimeFormat>();
const clockOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  clocks.set(timeZone, made);
  return made;
};

/** Whether this machine knows the zone. The agent on QuickJS has no `Intl`, and asks its rule instead. */
export const isTimeZone = (name: string): boolean => {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
};

/**
 * Minutes that the clocks of a zone are ahead of UTC.
 *
 * @param timeZone a name, or an offset such as `+05:30`
 * @param at milliseconds since 1970
 * @throws RangeError where `isTimeZone` is false
 */
export const minutesAhead = (timeZone: string, at: number): number => {
  const name = clockOf(timeZone)
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign, hours, minutes] = /([+-])(\d+):(\d+)/.exec(name ?? '') ?? [];
  const ahead = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return sign === '-' ? -ahead : ahead;
};
