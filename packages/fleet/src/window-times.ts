import { minutesAhead, type MaintenanceWindow } from '@slipway/protocol';

const MINUTE_MS = 60_000;
const DAY_MIN = 24 * 60;
const WEEK_MIN = 7 * DAY_MIN;
/** Monday, 5 January 1970 */
const FIRST_MONDAY_MIN = 4 * DAY_MIN;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Minutes until one of the windows is open; 0: one is. */
const untilOpen = (windows: readonly MaintenanceWindow[], ofWeek: number): number =>
  Math.min(
    ...windows.flatMap(({ days, from, to }) => {
      const start = minutesOf(from);
      const length = minutesOf(to) - start;
      return (days ?? EVERY_DAY).map((day) => {
        const opens = (day - 1) * DAY_MIN + start;
        const since = (ofWeek - opens + WEEK_MIN) % WEEK_MIN;
        return since < (length > 0 ? length : length + DAY_MIN) ? 0 : WEEK_MIN - since;
      });
    }),
  );

/**
 * The first moment from `at` on at which a device may go down, in milliseconds: within a window by the clock on its wall,
 * as the device itself has it, or when windows hold nothing back any more.
 *
 * @param deadline seconds since 1970
 */
export const nextOpening = (
  windows: readonly MaintenanceWindow[],
  timeZone: string,
  at: number,
  deadline?: number,
): number => {
  const latest = deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(at, deadline * 1000);
  if (windows.length === 0) return at;
  let moment = at;
  while (moment < latest) {
    const ahead = minutesAhead(timeZone, moment);
    const local = Math.floor(moment / MINUTE_MS) + ahead;
    const wait = untilOpen(windows, (((local - FIRST_MONDAY_MIN) % WEEK_MIN) + WEEK_MIN) % WEEK_MIN);
    if (wait === 0) return moment;
    const opens = (local + wait - ahead) * MINUTE_MS;
    if (minutesAhead(timeZone, opens) === ahead) return Math.min(opens, latest);
    // The clocks change on the way: an hour that is left out opens no window, one that comes twice opens it twice.
    moment = firstMinute(moment, opens, (minute) => minutesAhead(timeZone, minute) !== ahead);
  }
  return latest;
};

/** The first minute after `before` at which something has become true that stays so until `after`. */
const firstMinute = (before: number, after: number, isTrue: (at: number) => boolean): number => {
  let [low, high] = [Math.floor(before / MINUTE_MS), Math.ceil(after / MINUTE_MS)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isTrue(middle * MINUTE_MS)) high = middle;
    else low = middle;
  }
  return high * MINUTE_MS;
};
