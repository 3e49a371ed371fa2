import { KeyId, type Key } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { daysLeft, endingSoon, endOf } from './key-days.ts';

const NOW = Date.parse('2026-11-26T05:00:00Z');
const key = (digit: string, notAfter: string, state: Key['state'] = 'current'): Key => ({
  id: KeyId.parse(digit.repeat(64)),
  purpose: 'release-signer',
  state,
  subject: 'CN=test',
  serial: '01',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter,
  firstSeenAt: '2026-01-01T00:00:00.000Z',
  lastUsedAt: '2026-01-01T00:00:00.000Z',
  certificate: '',
});

test('whole days are left', () => {
  expect(daysLeft({ notAfter: '2026-11-28T04:00:00.000Z' }, NOW)).toBe(1);
  expect(daysLeft({ notAfter: '2026-11-25T05:00:00.000Z' }, NOW)).toBe(-1);
});

test('only keys in use are warned of, the soonest first', () => {
  const found = endingSoon(
    [
      key('a', '2026-12-20T00:00:00.000Z'),
      key('b', '2026-12-01T00:00:00.000Z'),
      key('c', '2026-12-01T00:00:00.000Z', 'former'),
      key('d', '2030-01-01T00:00:00.000Z'),
    ],
    NOW,
  );
  expect(found.map(({ id }) => id[0])).toEqual(['b', 'a']);
});

test.each([
  ['2036-11-23T05:00:00.000Z', '23 Nov 2036'],
  ['2026-12-06T05:00:00.000Z', '6 Dec 2026, 10 days left'],
  ['2026-11-27T06:00:00.000Z', '27 Nov 2026, 1 day left'],
  ['2026-11-20T06:00:00.000Z', '20 Nov 2026, over'],
])('the end of a certificate at %s is told as %s', (notAfter, words) =>
  expect(endOf({ notAfter }, NOW)).toBe(words),
);
