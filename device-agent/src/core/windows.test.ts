import type { MaintenanceWindow } from '@slipway/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeWindows, isInWindow } from './windows.ts';

const at = (utc: string): number => Date.parse(`${utc}:00Z`) / 1000;
const HOUR = 3600;
const night: MaintenanceWindow = { from: '02:00', to: '04:00' };
const late: MaintenanceWindow = { from: '22:00', to: '06:00' };
const saturday: MaintenanceWindow = { days: [6], from: '22:00', to: '06:00' };
const sunday: MaintenanceWindow = { days: [7], from: '22:00', to: '02:00' };
const allDay: MaintenanceWindow = { days: [3], from: '08:00', to: '08:00' };

describe('a window', () => {
  // 2026-11-24 is a Tuesday.
  test.each([
    ['before it opens', night, '2026-11-24T01:59', false],
    ['as it opens', night, '2026-11-24T02:00', true],
    ['in its last minute', night, '2026-11-24T03:59', true],
    ['as it closes', night, '2026-11-24T04:00', false],
    ['before midnight', late, '2026-11-24T23:59', true],
    ['after midnight', late, '2026-11-25T05:59', true],
    ['in the morning', late, '2026-11-25T06:00', false],
    ['of Saturday, on Saturday night', saturday, '2026-11-28T22:00', true],
    ['of Saturday, on Sunday morning', saturday, '2026-11-29T05:59', true],
    ['of Saturday, on Saturday morning', saturday, '2026-11-28T05:00', false],
    ['of Saturday, on Sunday night', saturday, '2026-11-29T22:30', false],
    ['of Sunday, on Monday morning', sunday, '2026-11-30T01:30', true],
    ['of Sunday, on Sunday morning', sunday, '2026-11-29T01:30', false],
    ['that lasts a day, on its day', allDay, '2026-11-25T08:00', true],
    ['that lasts a day, on the next morning', allDay, '2026-11-26T07:59', true],
    ['that lasts a day, when it is over', allDay, '2026-11-26T08:00', false],
    ['long ago', night, '1969-12-31T03:00', true],
  ] as const)('%s', (_, window, utc, open) => {
    expect(isInWindow([window], at(utc), 0)).toBe(open);
  });

  test('is in the time of the device', () => {
    expect(isInWindow([night], at('2026-11-24T01:30'), HOUR)).toBe(true);
    expect(isInWindow([night], at('2026-11-24T01:30'), -8 * HOUR)).toBe(false);
    expect(isInWindow([night], at('2026-11-24T10:30'), -8 * HOUR)).toBe(true);
    // Nepal: five hours and three quarters
    expect(isInWindow([night], at('2026-11-23T20:15'), 5.75 * HOUR)).toBe(true);
    expect(isInWindow([saturday], at('2026-11-28T20:59'), HOUR)).toBe(false);
    expect(isInWindow([saturday], at('2026-11-28T21:00'), HOUR)).toBe(true);
  });

  test('opens twice when the hour comes twice, and not when it is left out', () => {
    const two: MaintenanceWindow = { from: '02:00', to: '03:00' };
    // Central Europe, 25 October 2026: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
    expect(isInWindow([two], at('2026-10-25T00:30'), 2 * HOUR)).toBe(true);
    expect(isInWindow([two], at('2026-10-25T01:30'), HOUR)).toBe(true);
    expect(isInWindow([two], at('2026-10-25T02:00'), HOUR)).toBe(false);
    // 29 March 2026: 02:00 CET becomes 03:00 CEST at 01:00 UTC.
    expect(isInWindow([two], at('2026-03-29T00:59'), HOUR)).toBe(false);
    expect(isInWindow([two], at('2026-03-29T01:00'), 2 * HOUR)).toBe(false);
  });

  test('is told in words', () => {
    expect(describeWindows([{ days: [6, 7], from: '22:00', to: '06:00' }, night])).toBe(
      'Sat,Sun 22:00-06:00 or 02:00-04:00',
    );
  });

  test('comes again every week, and is open as long as it says', () => {
    const clock = fc.integer({ min: 0, max: 24 * 60 - 1 });
    const text = (minutes: number): string =>
      `${`${Math.floor(minutes / 60)}`.padStart(2, '0')}:${`${minutes % 60}`.padStart(2, '0')}`;
    fc.assert(
      fc.property(clock, clock, fc.integer({ min: 1, max: 7 }), fc.nat(5000), (from, to, day, weeks) => {
        const window = { days: [day], from: text(from), to: text(to) };
        const start = weeks * 604_800;
        let minutes = 0;
        for (let minute = 0; minute < 7 * 24 * 60; minute++)
          if (isInWindow([window], start + minute * 60, 0)) minutes++;
        expect(minutes).toBe(to > from ? to - from : to - from + 24 * 60);
      }),
      { numRuns: 20 },
    );
  });
});
