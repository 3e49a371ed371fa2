import { z } from 'zod';
import { Arch, BuildId, ClassName, Digest, ReleaseId, RootHash, Version } from './ids.ts';

export const MANIFEST_NAME = 'manifest.json';
/** Detached CMS signature (DER) over the exact bytes of `manifest.json`. */
export const SIGNATURE_NAME = 'manifest.p7s';
export const UKI_NAME = 'uki.efi';
/** The whole content of a slot: erofs data followed by its dm-verity tree. */
export const ROOT_NAME = 'root.img';
export const SBOM_NAME = 'sbom.cdx.json';

/** The order of entries in the tar is part of the format: what decides comes first, what is large comes later. */
export const BUNDLE_ORDER = [MANIFEST_NAME, SIGNATURE_NAME, UKI_NAME, ROOT_NAME, SBOM_NAME] as const;

/** Bytes; each chunk but the last of a file has this size. */
export const CHUNK_BYTES = 256 * 1024;
/** Room for the chunk digests of a root image of 13 GiB. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
export const MAX_SIGNATURE_BYTES = 64 * 1024;

export const ManifestFile = z.strictObject({
  name: z.enum([UKI_NAME, ROOT_NAME, SBOM_NAME]),
  /** bytes */
  size: z.int().min(0),
  digest: Digest,
  /** Digest of each chunk of `CHUNK_BYTES`, in order; lets a device resume, reuse its own bytes, and notice a fault early. */
  chunks: z.array(Digest),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

/**
 * What a bundle claims. The bytes are signed: verify the received bytes, then parse them.
 * Strict here; an agent tolerates unknown keys by `ManifestOnDevice`.
 */
const shape = {
  v: z.literal(1),
  format: z.literal('slipway-bundle'),
  release: ReleaseId,
  version: Version,
  /** Rises with every release of a class; a device never goes below the one it committed. */
  counter: z.int().min(1),
  deviceClass: ClassName,
  arch: Arch,
  build: BuildId,
  /** Seconds since 1970: no device may believe an earlier time once it runs this release. */
  timeFloor: z.int().min(0),
  rootHash: RootHash,
  /** dm-verity: 4096-byte blocks of data, followed at once by the tree. */
  verityDataBlocks: z.int().min(1),
  minimumAgent: Version,
  /** Digest of the builder's declaration (`result.json`) that the signer checked. */
  provenance: Digest,
};
export const Manifest = z.strictObject({ ...shape, files: z.array(ManifestFile).length(3) });
export type Manifest = z.infer<typeof Manifest>;
/** The same, tolerant of optional fields that newer servers add. */
export const ManifestOnDevice = z.object({
  ...shape,
  files: z.array(z.object(ManifestFile.shape)).length(3),
});
