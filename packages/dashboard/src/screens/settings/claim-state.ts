import type { ClaimToken } from '@slipway/protocol';

/** Whether devices may still come by a claim, or why not. */
export const stateOfClaim = (
  { revokedAt, used, uses, expiresAt }: Pick<ClaimToken, 'revokedAt' | 'used' | 'uses' | 'expiresAt'>,
  now: number,
): 'open' | 'used up' | 'expired' | 'revoked' => {
  if (revokedAt !== null) return 'revoked';
  if (used >= uses) return 'used up';
  return Date.parse(expiresAt) <= now ? 'expired' : 'open';
};
