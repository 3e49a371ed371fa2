import type { Digest } from '@slipway/protocol';
import type { ImageFile } from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import type { OciConfig } from './oci-config.ts';
import type { Tree } from './tree.ts';

/** One thing that went into a component, as the SBOM lists it. */
export type Origin = {
  readonly type: 'deb' | 'oci' | 'npm';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly digest: Digest;
  /** SPDX identifiers where known */
  readonly licenses?: readonly string[];
};

/** A resolved component: its files, how it starts, and where everything came from. */
export type Component = {
  readonly ref: string;
  readonly tree: Tree;
  readonly config: OciConfig;
  readonly origins: readonly Origin[];
};

export type ResolveOptions = {
  readonly arch: Arch;
  /** where `deb:NAME` is looked up */
  readonly spec: Pick<ImageFile, 'packages'>;
  /** the image repository: `oci:PATH` is relative to it */
  readonly baseDir: string;
  /** holds package lists, packages and runtimes; may be shared by any number of processes */
  readonly cacheDir: string;
  readonly log?: (line: string) => void;
};
