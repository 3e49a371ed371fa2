import { KeyId, type Key } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { daysLeft, endingSoon } from './key-days.ts';

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
