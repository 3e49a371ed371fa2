import type { MaintenanceWindow } from '@slipway/protocol';

const DAY_MIN = 24 * 60;
const WEEK_MIN = 7 * DAY_MIN;
/** Monday, 5 January 1970 */
const FIRST_MONDAY_S = 4 * 86_400;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/**
 * Whether a time lies in one of the windows. A window whose end is not after its beginning ends on the next day; its
 * days are those on which it begins. It is the wall clock that counts: an hour that a change of the clocks leaves out
 * opens no window, one that comes twice opens it twice.
 *
 * @param now seconds since 1970
 * @param zoneOffset seconds that the clocks of the device are ahead of UTC at that time
 */
export const isInWindow = (
  windows: readonly MaintenanceWindow[],
  now: number,
  zoneOffset: number,
): boolean => {
  const minutes = Math.floor((now + zoneOffset - FIRST_MONDAY_S) / 60);
  const ofWeek = ((minutes % WEEK_MIN) + WEEK_MIN) % WEEK_MIN;
  return windows.some(({ days, from, to }) => {
    const start = minutesOf(from);
    const length = minutesOf(to) - start;
    return (days ?? [1, 2, 3, 4, 5, 6, 7]).some((day) => {
      const since = (ofWeek - ((day - 1) * DAY_MIN + start) + WEEK_MIN) % WEEK_MIN;
      return since < (length > 0 ? length : length + DAY_MIN);
    });
  });
};

const NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `Sat,Sun 22:00-06:00 or 02:00-04:00` */
export const describeWindows = (windows: readonly MaintenanceWindow[]): string =>
  windows
    .map(({ days, from, to }) => {
      const names = days === undefined ? '' : `${days.map((day) => NAMES[day - 1]).join(',')} `;
      return `${names}${from}-${to}`;
    })
    .join(' or ');
