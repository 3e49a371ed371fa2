import { expect, test } from 'vitest';
import { stateOfClaim } from './claim-state.ts';

const NOW = Date.parse('2026-11-26T05:00:00Z');
const OPEN = { revokedAt: null, used: 0, uses: 2, expiresAt: '2026-11-27T05:00:00.000Z' };

test.each([
  [OPEN, 'open'],
  [{ ...OPEN, used: 2 }, 'used up'],
  [{ ...OPEN, expiresAt: '2026-11-26T05:00:00.000Z' }, 'expired'],
  // The strongest reason is told.
  [{ ...OPEN, used: 2, revokedAt: '2026-11-26T04:00:00.000Z' }, 'revoked'],
] as const)('%o is %s', (claim, state) => expect(stateOfClaim(claim, NOW)).toBe(state));
