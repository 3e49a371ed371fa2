import { z } from 'zod';

/** What an instance signs with and is trusted by: certificates, never a private key. */
export const KeyPurpose = z.enum([
  'release-root',
  'release-intermediate',
  'release-signer',
  'device-authority',
  'server-authority',
  'enrolment-server',
  'gateway-client',
  'broker-server',
]);
export type KeyPurpose = z.infer<typeof KeyPurpose>;

/** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal digits. */
export const KeyId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
  .brand<'KeyId'>();
export type KeyId = z.infer<typeof KeyId>;

export const MIN_KEY_PREFIX = 8;

/** `former`: another has its purpose by now. */
export const KeyState = z.enum(['current', 'former', 'expired']);
export type KeyState = z.infer<typeof KeyState>;

export const Key = z.object({
  id: KeyId,
  purpose: KeyPurpose,
  state: KeyState,
  /** of the newest certificate for it that was seen, as all below */
  subject: z.string(),
  /** hexadecimal */
  serial: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  firstSeenAt: z.iso.datetime(),
  /** of the keys that sign releases: the newest release by it; of others: the last time a server said that it runs with it, which it does twice a day */
  lastUsedAt: z.iso.datetime(),
  /** PEM */
  certificate: z.string(),
  /** that it signed; only where one key is shown */
  releases: z.int().optional(),
});
export type Key = z.infer<typeof Key>;

/** A certificate in use is warned of so long before its end. */
export const KEY_WARNING_DAYS = 30;
