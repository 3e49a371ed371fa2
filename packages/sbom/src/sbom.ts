import type { Arch, Digest } from '@slipway/protocol';
import type { FoundPackage } from './found-package.ts';

/** One component of an image file, an OCI image or a set of packages, with what was found in it. */
export type SbomComponent = {
  /** as the image file names it: `docker.io/linuxkit/runc:v1`, `oci:layouts/web`, `deb:kernel`; unique */
  readonly ref: string;
  readonly version?: string;
  /** of an OCI image: `pkg:oci/…` */
  readonly purl?: string;
  /** of the image's manifest */
  readonly digest?: Digest;
  /** what the image says of itself as a whole */
  readonly licenses?: readonly string[];
  readonly supplier?: string;
  readonly packages: readonly FoundPackage[];
};

/** What is in an image: the one model that CycloneDX and SPDX are written from and read into. */
export type Sbom = {
  /** the image itself */
  readonly subject: {
    readonly name: string;
    readonly version: string;
    readonly arch?: Arch;
    /** id of the release, where there is one */
    readonly release?: string;
  };
  /** seconds since 1970: of the sources, never of the clock */
  readonly time: number;
  /** version of Slipway */
  readonly toolVersion?: string;
  readonly components: readonly SbomComponent[];
};
