import { expect, test } from 'vitest';
import { isTimeZone, minutesAhead } from '@slipway/protocol';
import { ZONE_RULES } from './rules.ts';
import { zoneOf } from './zone.ts';

test.each([
  ['Europe/Vienna', { rule: 'CET-1CEST,M3.5.0,M10.5.0/3', name: 'Europe/Vienna' }],
  ['America/Argentina/Buenos_Aires', { rule: '<-03>3', name: 'America/Argentina/Buenos_Aires' }],
  ['UTC', { rule: 'UTC0', name: 'UTC' }],
  ['CET-1CEST,M3.5.0,M10.5.0/3', { rule: 'CET-1CEST,M3.5.0,M10.5.0/3' }],
  ['<+0330>-3:30', { rule: '<+0330>-3:30' }],
  ['Europe/Wien', undefined],
  ['Vienna', undefined],
])('%s', (text, expected) => {
  expect(zoneOf(text)).toEqual(expected);
});

const seasons = ['2026-01-15T12:00Z', '2026-07-15T12:00Z'].map((text) => Date.parse(text));

test('the table agrees with the runtime: the offset without summer time, and whether there is one', () => {
  const all = ZONE_RULES.flatMap(([rule, names]) => names.split(' ').map((name) => ({ rule, name })));
  const known = all.filter(({ name }) => isTimeZone(name));
  const wrong = known.filter(({ rule, name }) => {
    const [, sign, hours, minutes] = /^(?:<[^>]+>|[A-Za-z]+)([+-]?)(\d+)(?::(\d+))?/.exec(rule) ?? [];
    const standard = (sign === '-' ? 1 : -1) * (Number(hours) * 60 + Number(minutes ?? 0)) + 0;
    const offsets = seasons.map((at) => minutesAhead(name, at));
    return !offsets.includes(standard) || new Set(offsets).size === (rule.includes(',') ? 1 : 2);
  });
  expect(known.length).toBeGreaterThan(400);
  // One of the two may know of a law that the other does not; a rule that was read wrongly is wrong for many.
  expect(wrong.length).toBeLessThan(known.length / 50);
});
