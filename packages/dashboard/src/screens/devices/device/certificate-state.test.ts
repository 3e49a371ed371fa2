import type { DeviceCertificate } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { standOf, validityOf } from './certificate-state.ts';

const certificate: DeviceCertificate = {
  serial: 'aa',
  issuedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-11T00:00:00.000Z',
  revokedAt: null,
  listed: false,
  current: true,
  keySha256: 'bb',
  fingerprint: null,
  keyType: null,
  issuer: null,
};
const on = (day: number): number => Date.UTC(2026, 0, day);

test.each([
  [1, 0, false],
  [6, 0.5, false],
  [10, 0.9, true],
  [20, 1, true],
])('on day %i the share %f of its time has passed', (day, share, isLate) => {
  expect(validityOf(certificate, on(day))).toMatchObject({ share, isLate });
});

test.each([
  [{}, 2, 'current'],
  [{ current: false }, 2, 'former'],
  [{}, 12, 'ended'],
  [{ revokedAt: '2026-01-02T00:00:00.000Z' }, 12, 'revoked'],
])('%j on day %i is %s', (change, day, word) => {
  expect(standOf({ ...certificate, ...change }, on(day)).word).toBe(word);
});
