import { assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { nextOpening } from './window-times.ts';

const NIGHT = [{ from: '02:00', to: '04:00' }];
const WEEKEND = [{ days: [6, 7], from: '22:00', to: '06:00' }];

test.each([
  ['2026-01-31T01:00:00Z', NIGHT, 'UTC', '2026-01-31T02:00:00Z'],
  ['2026-01-31T03:59:59Z', NIGHT, 'UTC', '2026-01-31T03:59:59Z'],
  ['2026-01-31T04:00:00Z', NIGHT, 'UTC', '2026-02-01T02:00:00Z'],
  ['2026-01-31T04:00:00Z', NIGHT, 'Europe/Berlin', '2026-02-01T01:00:00Z'],
  ['2026-07-31T04:00:00Z', NIGHT, 'Europe/Berlin', '2026-08-01T00:00:00Z'],
  ['2026-01-31T04:00:00Z', NIGHT, 'America/New_York', '2026-01-31T07:00:00Z'],
  ['2026-01-31T04:00:00Z', NIGHT, 'Asia/Kathmandu', '2026-01-31T20:15:00Z'],
  // a Thursday
  ['2026-01-29T12:00:00Z', WEEKEND, 'UTC', '2026-01-31T22:00:00Z'],
  ['2026-02-02T05:59:00Z', WEEKEND, 'UTC', '2026-02-02T05:59:00Z'],
  ['2026-02-02T06:00:00Z', WEEKEND, 'UTC', '2026-02-07T22:00:00Z'],
  // In Berlin the hour from two to three is left out on 29 March, and comes twice on 25 October.
  ['2026-03-28T23:00:00Z', [{ from: '02:00', to: '02:30' }], 'Europe/Berlin', '2026-03-30T00:00:00Z'],
  ['2026-10-25T00:45:00Z', [{ from: '02:00', to: '02:30' }], 'Europe/Berlin', '2026-10-25T01:00:00Z'],
] as const)('from %s a device that may go down in %j in %s does at %s', (at, windows, zone, expected) => {
  const copy = windows.map((window) => ({
    ...window,
    ...('days' in window ? { days: [...window.days] } : {}),
  }));
  expect(new Date(nextOpening(copy, zone, Date.parse(at))).toISOString()).toBe(
    new Date(expected).toISOString(),
  );
});

test('without windows it is at once, and after the deadline, too', () => {
  const at = Date.parse('2026-01-31T12:00:00Z');
  expect(nextOpening([], 'UTC', at)).toBe(at);
  expect(nextOpening(NIGHT, 'UTC', at, at / 1000 - 5)).toBe(at);
  expect(nextOpening(NIGHT, 'UTC', at, at / 1000 + 60)).toBe(at + 60_000);
});

const zones = constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe');
const clock = (zone: string, at: number): { readonly day: number; readonly minutes: number } => {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(parts['weekday'] ?? '') + 1,
    minutes: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
};

test('what is found is open by the clock on the wall, and nothing before it is', () => {
  const hhmm = (minutes: number): string =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const cases = record({
    zone: zones,
    at: integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2027, 0, 1) / 60_000 }),
    day: integer({ min: 1, max: 7 }),
    from: integer({ min: 0, max: 22 * 60 }),
    length: integer({ min: 1, max: 119 }),
  });
  assert(
    property(cases, ({ zone, at, day, from, length }) => {
      const start = at * 60_000;
      const found = nextOpening([{ days: [day], from: hhmm(from), to: hhmm(from + length) }], zone, start);
      const isOpen = (moment: number): boolean => {
        const here = clock(zone, moment);
        return here.day === day && here.minutes >= from && here.minutes < from + length;
      };
      expect(isOpen(found)).toBe(true);
      for (let moment = start; moment < found; moment += 15 * 60_000) expect(isOpen(moment)).toBe(false);
    }),
    { numRuns: 40 },
  );
});
