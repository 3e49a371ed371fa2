import { z } from 'zod';
import { ClassName, SigningProfile } from './ids.ts';

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

/**
 * `former`: another has its purpose by now. While one authority takes the place of another, both are trusted: the one
 * that is not worked with yet is `next`, the one that is not any more `outgoing`.
 */
export const KeyState = z.enum(['current', 'next', 'outgoing', 'former', 'expired']);
export type KeyState = z.infer<typeof KeyState>;

export const Key = z.object({
  id: KeyId,
  purpose: KeyPurpose,
  /** of what releases are signed and trusted by: the signing profile. Absent: of other keys */
  profile: SigningProfile.optional(),
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

/** A certificate in use is warned of so long before its end: what devices have to follow takes longer than a restart. */
export const KEY_WARNING_DAYS: Readonly<Record<KeyPurpose, number>> = {
  'release-root': 730,
  'server-authority': 730,
  'device-authority': 365,
  'release-intermediate': 180,
  'release-signer': 90,
  'enrolment-server': 30,
  'gateway-client': 30,
  'broker-server': 30,
};

/** What devices trust or are trusted by: the next one takes its place step by step, and both are trusted meanwhile. */
export const AUTHORITIES = ['release-root', 'server-authority', 'device-authority'] as const;
export const Authority = z.enum(AUTHORITIES);
export type Authority = z.infer<typeof Authority>;

/** `begun`: the next one goes into images. `switched`: it is worked with, and the one before it still trusted. */
export const RotationStep = z.enum(['steady', 'begun', 'switched']);
export type RotationStep = z.infer<typeof RotationStep>;

export const RotationProgress = z.object({
  purpose: Authority,
  /** of a release root: the signing profile. Absent: of other authorities */
  profile: SigningProfile.optional(),
  step: RotationStep,
  /** null: the server was not started with one yet */
  current: KeyId.nullable(),
  next: KeyId.nullable(),
  outgoing: KeyId.nullable(),
  /** in use; of the device authority those that have a certificate */
  devices: z.int(),
  /** of them, those that trust what is to be: run an image with it, or hold certificates by it alone */
  following: z.int(),
  /** of which it is not known: their release was not made here, or they have not said what they run */
  unknown: z.int(),
});
export type RotationProgress = z.infer<typeof RotationProgress>;

/** A signing profile, as the server was started with it. */
export const SigningProfileUse = z.object({
  name: SigningProfile,
  /** what is worked with; null: its file holds no certificate */
  root: KeyId.nullable(),
  /** that have releases by it, by name */
  classes: z.array(ClassName),
});
export type SigningProfileUse = z.infer<typeof SigningProfileUse>;

/** How the next key of a purpose is made, as people at a shell do it: keys are where no server can replace them. */
export type KeyRotation = {
  /** one for each step, in order; the same word does the next step that is due */
  readonly command: string;
  /** who believes it */
  readonly trustedBy: string;
  /** what it means for devices and servers */
  readonly effect: string;
  /** its key is needed for nothing but this, and belongs on a medium that is attached for it */
  readonly isOffline?: true;
};

const SERVERS: KeyRotation = {
  command: 'slipway keys rotate servers --data DATA',
  trustedBy: 'devices and gateways, by the server authority',
  effect:
    'Server, broker and gateway get new keys by the same authority at the next start. Devices notice nothing.',
};

export const KEY_ROTATION: Readonly<Record<KeyPurpose, KeyRotation>> = {
  'release-signer': {
    command: 'slipway keys rotate release-signer --data DATA --offline MEDIUM',
    trustedBy: 'devices, by the release root',
    effect:
      'Releases that are built after the next start are signed by a new key of the same intermediate. Devices take them at once; releases from before stay good.',
  },
  'release-intermediate': {
    command: 'slipway keys rotate release-intermediate --data DATA --offline MEDIUM',
    trustedBy: 'devices, by the release root',
    effect:
      'The root signs another intermediate, and that another signer. Devices take what they sign at once; releases from before stay good.',
    isOffline: true,
  },
  'release-root': {
    command: 'slipway keys rotate release-root --data DATA --offline MEDIUM',
    trustedBy: 'devices: it is in every image',
    effect:
      'In three steps: images carry the next root beside this one; once all devices run such an image, releases are signed below the next one; then this one leaves the images.',
    isOffline: true,
  },
  'device-authority': {
    command: 'slipway keys rotate device-authority --data DATA',
    trustedBy: 'the broker and the server: devices are known by its certificates',
    effect:
      'In two steps: devices get certificates by the next authority as they renew, within half the life of a certificate; once all have, this one is trusted no longer.',
  },
  'server-authority': {
    command: 'slipway keys rotate server-authority --data DATA',
    trustedBy: 'devices: it is in every image',
    effect:
      'In three steps: images carry the next authority beside this one; once all devices run such an image, servers show certificates by the next one; then this one leaves the images.',
  },
  'enrolment-server': SERVERS,
  'broker-server': SERVERS,
  'gateway-client': SERVERS,
};
