import { messageOf, SlipwayError } from '@slipway/protocol';
import type { CertificateFacts, Runtime } from '../runtime/port.ts';
import type { Identity } from './identity.ts';

/** What our server gives; of certificates that do not tell when they were given, half of this is their last half. */
const USUAL_LIFE_S = 90 * 86_400;
/** Part of the life over which a fleet that was enrolled in one hour spreads its renewals. */
const JITTER = 0.1;

/** @throws {SlipwayError} IDENTITY_INVALID */
const certificateFacts = async (
  { crypto }: Pick<Runtime, 'crypto'>,
  certificate: string,
): Promise<CertificateFacts> => {
  try {
    return await crypto.certificate(certificate);
  } catch (cause) {
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `Expected a certificate whose subject is CN=DEVICE and nothing else; found: ${messageOf(cause).slice(0, 300)}. Make it anew.`,
      { cause },
    );
  }
};

/** When the next certificate is asked for: at half its life, a little later for some than for others. */
export const renewalTime = (issuedAt: number | undefined, endsAt: number, random: number): number => {
  const begin = Math.min(issuedAt ?? endsAt - USUAL_LIFE_S, endsAt);
  return Math.floor(begin + (endsAt - begin) * (0.5 + JITTER * random));
};

/** Notes when a certificate ends and is to be renewed. */
export const timed = async (runtime: Runtime, identity: Identity): Promise<Identity> => {
  const { endsAt } = await certificateFacts(runtime, identity.certificate);
  const renewAt = renewalTime(identity.issuedAt, endsAt, runtime.random());
  return { ...identity, endsAt, renewAt };
};

/**
 * Whether it is time for the next certificate. A clock may jump either way: one that is far ahead asks once and then
 * not before another half of a life, because since a renewal half a life must have passed by our own clock as well.
 */
export const isRenewalDue = (identity: Identity, now: number): boolean => {
  const { issuedAt, obtainedAt = 0, endsAt, renewAt } = identity;
  if (endsAt === undefined || renewAt === undefined) return false;
  const time = Math.max(now, issuedAt ?? 0);
  if (time < renewAt) return false;
  const half = renewAt - (issuedAt ?? endsAt - USUAL_LIFE_S);
  return time < obtainedAt || time - obtainedAt >= Math.min(half, USUAL_LIFE_S / 2);
};

/**
 * Whether a certificate names the device and speaks for the key.
 *
 * @throws {SlipwayError} IDENTITY_INVALID
 */
export const checkPair = async (
  runtime: Pick<Runtime, 'crypto'>,
  pair: { readonly certificate: string; readonly key: string; readonly deviceId: string },
): Promise<void> => {
  const { commonName, publicKey } = await certificateFacts(runtime, pair.certificate);
  if (commonName !== pair.deviceId) {
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `Expected a certificate of ${pair.deviceId}, found one of ${commonName}; make the identity anew.`,
    );
  }
  const found = await runtime.crypto.publicKey(pair.key).catch(() => undefined);
  if (found !== publicKey) {
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `Expected the key of the certificate of ${commonName}, found another or none; make the identity anew.`,
    );
  }
};
