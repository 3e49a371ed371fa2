import type { ImageFile } from '@slipway/image-spec';
import type { Arch, Digest } from '@slipway/protocol';
import type { OciConfig, Registries } from '@slipway/oci';
import type { DockerfileFacts } from './dockerfile/component.ts';
import type { DockerfileBuilds } from './dockerfile/engine.ts';
import type { Origin } from './origin.ts';
import type { Mirror } from './debian/host-sources.ts';
import type { DebPackage } from './debian/resolve-packages.ts';
import type { Removed, Tree } from './tree.ts';

/** A resolved component: its files, how it starts, and where everything came from. */
export type Component = {
  readonly ref: string;
  /** of the image's manifest; absent: made of packages */
  readonly digest?: Digest;
  readonly tree: Tree;
  /** what layers or packages brought and later ones took away; absent: nothing */
  readonly removed?: readonly Removed[] | undefined;
  readonly config: OciConfig;
  readonly origins: readonly Origin[];
  /** licence texts that the component came with and that its tree may lack, where they would be in it */
  readonly licenseTexts?: Tree | undefined;
  /** absent: no code of it ran when it was made here */
  readonly dockerfile?: DockerfileFacts | undefined;
};

export type ResolveOptions = {
  readonly arch: Arch;
  /** where `deb:NAME` and `dockerfile:NAME` are looked up */
  readonly spec: Pick<ImageFile, 'packages'> & Partial<Pick<ImageFile, 'dockerfiles'>>;
  /** the image repository: `oci:PATH` is relative to it */
  readonly baseDir: string;
  /** holds package lists, packages and runtimes; may be shared by any number of processes */
  readonly cacheDir: string;
  readonly log?: ((line: string) => void) | undefined;
  /** of Debian packages; absent: SLIPWAY_DEBIAN_MIRROR and SLIPWAY_DEBIAN_SUITE, else the archives of this machine */
  readonly mirror?: Mirror | undefined;
  /** what a lock says of package sets, by their names: those are not resolved */
  readonly lockedPackages?: ReadonlyMap<string, readonly DebPackage[]> | undefined;
  /** what a lock says of images, by their canonical references: digests of the manifests for the architecture */
  readonly lockedImages?: ReadonlyMap<string, Digest> | undefined;
  /** the same for all architectures, which Dockerfiles may ask for (`FROM --platform`) */
  readonly lockedPlatforms?: ReadonlyMap<string, Readonly<Partial<Record<Arch, Digest>>>> | undefined;
  /** absent: commands of Dockerfiles may not run here */
  readonly dockerfileBuilds?: DockerfileBuilds | undefined;
  /** told what is being done to make a component, in a few words */
  readonly stepped?: ((ref: string, step: string) => void) | undefined;
  /** `always` asks registries what a tag points at, `missing` only if the cache does not know */
  readonly pull?: 'missing' | 'always' | undefined;
  readonly registries?: Registries | undefined;
  /** paths of device nodes that images may hold */
  readonly deviceNodes?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** told how much of an image has arrived that was not in the cache, in bytes as they come */
  readonly fetched?: ((ref: string, bytes: number, total: number) => void) | undefined;
  /** the network may not be used */
  readonly offline?: boolean | undefined;
};
