import { SlipwayError } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';
import type { Identity } from './identity.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** What our server gives; of certificates that do not tell when they were given, half of this is their last half. */
const USUAL_LIFE_S = 90 * 86_400;
/** Part of the life over which a fleet that was enrolled in one hour spreads its renewals. */
const JITTER = 0.1;

/** `Nov 24 22:14:44 2036 GMT`, as openssl writes it, to seconds since 1970. */
export const parseOpensslTime = (text: string): number | undefined => {
  const match = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4,}) GMT$/.exec(text.trim());
  const month = MONTHS.indexOf(match?.[1] ?? '');
  if (match === null || month < 0) return undefined;
  const [day, hour, minute, second, year] = match.slice(2).map(Number);
  return Date.UTC(year ?? 0, month, day, hour, minute, second) / 1000;
};

/** @throws {SlipwayError} IDENTITY_INVALID where openssl cannot read it */
const certificateFacts = async (
  runtime: Pick<Runtime, 'processes'>,
  certificate: string,
): Promise<{ readonly endsAt: number; readonly commonName: string; readonly publicKey: string }> => {
  const { status, stdout, stderr } = await runtime.processes.run(
    ['openssl', 'x509', '-noout', '-enddate', '-subject', '-nameopt', 'RFC2253', '-pubkey'],
    { input: certificate },
  );
  const endsAt = parseOpensslTime(/^notAfter=(.*)$/m.exec(stdout)?.[1] ?? '');
  const commonName = /^subject=CN=([^,+\n]+)$/m.exec(stdout)?.[1];
  const publicKey = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/.exec(stdout)?.[0];
  if (status !== 0 || endsAt === undefined || commonName === undefined || publicKey === undefined) {
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `Expected a certificate whose subject is CN=DEVICE and nothing else; openssl says: ${(stderr.trim() || stdout).slice(0, 300)}. Make it anew.`,
    );
  }
  return { endsAt, commonName, publicKey };
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
  runtime: Pick<Runtime, 'processes'>,
  pair: { readonly certificate: string; readonly key: string; readonly deviceId: string },
): Promise<void> => {
  const { commonName, publicKey } = await certificateFacts(runtime, pair.certificate);
  if (commonName !== pair.deviceId) {
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `Expected a certificate of ${pair.deviceId}, found one of ${commonName}; make the identity anew.`,
    );
  }
  const { status, stdout } = await runtime.processes.run(['openssl', 'pkey', '-pubout'], { input: pair.key });
  if (status !== 0 || stdout.trim() !== publicKey) {
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `Expected the key of the certificate of ${commonName}, found another or none; make the identity anew.`,
    );
  }
};
