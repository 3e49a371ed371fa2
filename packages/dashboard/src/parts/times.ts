import { span } from './numbers.ts';

const local = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

/** In the zone of this browser, which is named: `26 Nov 2026, 05:36:12 CET`. */
export const localTime = (time: Date): string => local.format(time);

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

/** Where the day stands beside it: `05:36:12 CET`. */
export const clockTime = (time: Date): string => clock.format(time);

/** `2026-11-26 04:36:12 UTC` */
export const utcTime = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** Both, as on paper, where nobody can point at one to see the other; once, where they are the same. */
export const bothTimes = (time: Date): string => {
  const here = localTime(time);
  return here.endsWith(' UTC') ? here : `${here} (${utcTime(time)})`;
};

const JUST_MS = 10_000;

/** `just now`, `3 min ago`, `in 2 d 4 h` */
export const relativeTime = (time: Date, now: number): string => {
  const ms = now - time.getTime();
  if (Math.abs(ms) < JUST_MS) return 'just now';
  const [largest = '', unit = ''] = span(Math.abs(ms)).split(' ');
  const text = `${Math.floor(Number(largest))} ${unit}`;
  return ms > 0 ? `${text} ago` : `in ${text}`;
};
