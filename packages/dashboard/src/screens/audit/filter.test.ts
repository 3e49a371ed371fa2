import { describe, expect, test } from 'vitest';
import { fromLocalField, toLocalField, toQuery, type Filter } from './filter.ts';

const NONE: Filter = { actor: '', action: '', subject: '', when: '', since: '', until: '' };
const NOW = Date.parse('2026-11-26T05:00:00Z');

describe('what is asked for', () => {
  test.each<[Partial<Filter>, object]>([
    [{}, {}],
    [
      { actor: ' anna ', action: 'release.' },
      { actor: 'anna', action: 'release.' },
    ],
    [{ when: '1h' }, { since: '2026-11-26T04:00:00.000Z' }],
    [
      { when: '7d', subject: 'rel_1' },
      { subject: 'rel_1', since: '2026-11-19T05:00:00.000Z' },
    ],
    [{ when: 'between', until: '2026-11-01T00:00:00.000Z' }, { until: '2026-11-01T00:00:00.000Z' }],
    // Left from another choice; it does not count.
    [{ when: '', since: '2026-11-01T00:00:00.000Z' }, {}],
    [{ when: 'nonsense' }, {}],
  ])('%o', (filter, expected) => expect(toQuery({ ...NONE, ...filter }, NOW)).toEqual(expected));
});

test('a local time goes into its field and back, to the minute', () => {
  const text = toLocalField('2026-11-26T05:36:00.000Z');
  expect(text).toMatch(/^2026-11-2\dT\d\d:\d\d$/);
  expect(fromLocalField(text)).toBe('2026-11-26T05:36:00.000Z');
});

test('what is no time is none', () => expect([toLocalField(''), fromLocalField('soon')]).toEqual(['', '']));
