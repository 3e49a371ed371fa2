import { z } from 'zod';
import { ChannelName } from './channels.ts';
import { Digest, ReleaseId, RolloutId, RootHash, Version } from './ids.ts';
import { KeyId, KeyPurpose } from './keys.ts';
import { MANIFEST_NAME, ManifestFile, SIGNATURE_NAME } from './manifest.ts';
import { RolloutState } from './rollouts.ts';

/** What there is to know of a release beside what it is. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/** One certificate on the way from the signer to the root that devices trust. */
const Signer = z.object({
  purpose: KeyPurpose,
  key: KeyId,
  subject: z.string(),
  /** hexadecimal */
  serial: z.string(),
  /** of its key, such as `RSA 3072` */
  algorithm: z.string(),
  notBefore: time,
  notAfter: time,
});

/** What came of verifying the signature in a bundle, now and by what devices verify it by. */
export const ReleaseSignature = z.object({
  release: ReleaseId,
  /** `gone`: the bundle was removed with the other artifacts of a withdrawn release */
  state: z.enum(['valid', 'invalid', 'gone']),
  /** why it is not valid */
  code: z.string().nullable(),
  message: z.string().nullable(),
  checkedAt: time,
  /** how the manifest was signed; null: it cannot be read */
  format: z.string().nullable(),
  /** as it lies in the bundle, the signer first, and the root of this server last */
  chain: z.array(Signer),
  /** what was signed; null where that is not valid, because nobody vouches for it */
  signed: z
    .object({
      manifest: z.object({ name: z.literal(MANIFEST_NAME), digest: Digest, size: z.int() }),
      signature: z.object({ name: z.literal(SIGNATURE_NAME), size: z.int() }),
      version: Version,
      /** a device takes none below the one that it committed */
      counter: z.int(),
      /** no device believes an earlier time once it runs it */
      timeFloor: time,
      rootHash: RootHash,
      minimumAgent: Version,
      /** digest of what the builder declared */
      provenance: Digest,
      files: z.array(
        z.object({ ...ManifestFile.pick({ name: true, size: true, digest: true }).shape, chunks: z.int() }),
      ),
    })
    .nullable(),
});
export type ReleaseSignature = z.infer<typeof ReleaseSignature>;

/**
 * What devices load of a release, by what they run now. Bytes of the slot and the UKI, as devices count them; what is
 * reused are chunks that lie at the same place in the slot that runs.
 */
export const ReleaseDownloads = z.object({
  release: ReleaseId,
  /** of a device that can reuse nothing */
  full: z.int(),
  /** those that most devices run first; not those that run it already */
  from: z.array(
    z.object({
      /** null: it is not known what they run */
      release: ReleaseId.nullable(),
      version: Version.nullable(),
      devices: z.int(),
      bytes: z.int(),
      reused: z.int(),
      /** false: the bundle of what they run is not there to be compared, so they are counted with all bytes */
      known: z.boolean(),
      /** they run a later one, and refuse to go back */
      refused: z.boolean(),
    }),
  ),
  /** how many run it already */
  current: z.int(),
});
export type ReleaseDownloads = z.infer<typeof ReleaseDownloads>;

/** What became of a release. */
export const ReleaseEvent = z.object({
  at: time,
  what: z.enum([
    'signed',
    'qualified',
    'published',
    'deprecated',
    'withdrawn',
    'channel-published',
    'channel-withdrawn',
    'qualification-asked',
  ]),
  /** null: it comes of itself */
  actor: z.string().nullable(),
  /** of what happened to a channel */
  channel: ChannelName.optional(),
  /** it was published although it had not proven itself */
  forced: z.literal(true).optional(),
  /** of a qualification: how it ended */
  outcome: z.string().optional(),
});
export type ReleaseEvent = z.infer<typeof ReleaseEvent>;

/** Who would be struck if a release were deprecated or withdrawn. */
export const ReleaseUse = z.object({
  release: ReleaseId,
  /** that run it */
  devices: z.int(),
  /** that offer it and are not over: it cannot be withdrawn before */
  rollouts: z.array(z.object({ id: RolloutId, state: RolloutState })),
  /** whose current one it is, and how many devices follow each; a withdrawn one goes from there */
  channels: z.array(z.object({ name: ChannelName, devices: z.int() })),
  /** that devices have to pass it for */
  steppingStoneOf: z.array(ChannelName),
});
export type ReleaseUse = z.infer<typeof ReleaseUse>;
