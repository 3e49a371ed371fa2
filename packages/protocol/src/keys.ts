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
  /** that run one of them; only where one key is shown */
  devices: z.int().optional(),
});
export type Key = z.infer<typeof Key>;

/** A certificate in use is warned of so long before its end. */
export const KEY_WARNING_DAYS = 30;

/** How the next key of a purpose is made, as people at a shell do it: keys are where no server can replace them. */
export type KeyRotation = {
  /** absent: there is no command for it */
  readonly command?: string;
  /** what it means for devices and servers */
  readonly effect: string;
};

const SERVERS: KeyRotation = {
  command: 'slipway keys rotate servers --data DATA',
  effect:
    'Server, broker and gateway get new keys by the same authority at the next start. Devices notice nothing.',
};

export const KEY_ROTATION: Readonly<Record<KeyPurpose, KeyRotation>> = {
  'release-signer': {
    command: 'slipway keys rotate release-signer --data DATA',
    effect:
      'Releases that are built after the next start are signed by a new key of the same intermediate. Devices take them at once; releases from before stay good.',
  },
  'release-intermediate': {
    effect:
      'It is made by the key of the root, which belongs offline. Devices take what is signed below any intermediate of their root.',
  },
  'release-root': {
    effect:
      'It is in every image. Devices that run an image with another root refuse releases of this one, so it lasts as long as the fleet.',
  },
  'device-authority': {
    effect: 'Its certificates are how devices are known. Replacing it means that every device enrols anew.',
  },
  'server-authority': {
    effect:
      'It is in every image. Servers with certificates of another authority are refused by devices, so it lasts as long as the fleet.',
  },
  'enrolment-server': SERVERS,
  'broker-server': SERVERS,
  'gateway-client': SERVERS,
};
