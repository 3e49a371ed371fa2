import type { ImageFile } from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import type { OciConfig } from './oci-config.ts';
import type { Origin } from './origin.ts';
import type { Mirror } from './debian/sources.ts';
import type { Tree } from './tree.ts';

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
  readonly log?: ((line: string) => void) | undefined;
  /** of Debian packages; absent: SLIPWAY_DEBIAN_MIRROR and SLIPWAY_DEBIAN_SUITE, else the archives of this machine */
  readonly mirror?: Mirror | undefined;
};
