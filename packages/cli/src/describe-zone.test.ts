import { expect, test } from 'vitest';
import { describeZone } from './describe-zone.ts';

test.each([
  ['Europe/Vienna', 3600, 'Europe/Vienna (UTC+01:00)'],
  ['America/St_Johns', -12_600, 'America/St_Johns (UTC-03:30)'],
  ['UTC', 0, 'UTC (UTC+00:00)'],
  [null, 20_700, 'UTC+05:45'],
  [null, null, null],
])('%s, %s s ahead', (timeZone, utcOffset, expected) => {
  expect(describeZone({ timeZone, utcOffset })).toBe(expected);
});
