import type { MaintenanceWindow } from '@slipway/protocol';

export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** `Mon–Fri 02:00–04:00`, in the time of each device. */
export const windowText = ({ days, from, to }: MaintenanceWindow): string => {
  const when = days === undefined || days.length === 7 ? 'daily' : runs(days);
  return `${when} ${from}–${to}${to <= from ? ' (next day)' : ''}`;
};

const nameOf = (day: number): string => DAYS[day - 1] ?? '';

/** Days that follow one another are told by the first and the last. */
const runs = (days: readonly number[]): string => {
  const groups: number[][] = [];
  for (const day of days.toSorted((a, b) => a - b)) {
    const last = groups.at(-1);
    if (last !== undefined && last.at(-1) === day - 1) last.push(day);
    else groups.push([day]);
  }
  return groups
    .map((group) =>
      group.length < 3
        ? group.map(nameOf).join(', ')
        : `${nameOf(group[0] ?? 1)}–${nameOf(group.at(-1) ?? 7)}`,
    )
    .join(', ');
};
