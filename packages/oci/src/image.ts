import type { Arch, Digest } from '@slipway/protocol';
import type { Readable } from 'node:stream';
import type { ImageConfig, LayerCompression } from './oci-schema.ts';
import type { Registries } from './registries.ts';

/** One image for one architecture. Its layers are read when they are opened, not before. */
export type OciImage = {
  /** canonical form of the reference, for messages and descriptions */
  readonly ref: string;
  /** of the manifest for the platform; of the config where there is no manifest (`docker save`) */
  readonly digest: Digest;
  /** of the index that lists the platforms, if there is one */
  readonly indexDigest?: Digest;
  readonly config: ImageConfig;
  /** lowest first */
  readonly layers: readonly OciLayer[];
  /** of the manifest */
  readonly annotations: Readonly<Record<string, string>>;
};

export type OciLayer = {
  /** of the bytes as they are stored */
  readonly digest: Digest;
  /** bytes as stored */
  readonly size: number;
  readonly mediaType: string;
  readonly compression: LayerCompression;
  /** of the unpacked tar; whoever unpacks has to check it */
  readonly diffId: Digest;
  /**
   * The bytes as stored. Size and digest are checked while they pass: a stream of wrong bytes fails with
   * COMPONENT_DIGEST_MISMATCH instead of ending, so what was read must not be believed before the end.
   */
  readonly open: () => Promise<Readable>;
};

export type OpenOptions = {
  readonly arch: Arch;
  /** paths of layouts and archives are relative to it */
  readonly baseDir: string;
  /** holds blobs and what tags pointed at; may be shared by any number of processes */
  readonly cacheDir: string;
  /** opens no socket: only what the cache holds */
  readonly offline?: boolean | undefined;
  /** of the manifest for the platform, as a lock file says: nothing else is accepted, and no tag is looked up */
  readonly digest?: Digest | undefined;
  /** absent: made from the configuration files of this machine, for this call */
  readonly registries?: Registries | undefined;
  /** `always` asks the registry what a tag points at, `missing` only if the cache does not know */
  readonly pull?: 'missing' | 'always' | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type ResolveOptions = Omit<OpenOptions, 'digest' | 'arch'>;

/** What a reference points at now, for a lock file. */
export type ResolvedImage = {
  /** of the index or the manifest that the tag points at */
  readonly digest: Digest;
  /** of the manifest of each platform that Slipway builds for */
  readonly platforms: Readonly<Partial<Record<Arch, Digest>>>;
};
