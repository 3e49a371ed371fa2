import type { Digest, PackageType } from '@slipway/protocol';

/** A regular file of the effective tree of one image; symlinks, directories and devices are not given. */
export type ScannedFile = {
  /** relative to the root, `/`-separated, no leading `/` */
  readonly path: string;
  /** bytes */
  readonly size: number;
  /** whether anyone may run it; absent where that is not known */
  readonly executable?: boolean;
  /** all of it; called on small files and, without `readRange`, on programs */
  read(): Uint8Array;
  /** a part of it, short where the file ends: lets a program of 100 MB be looked into without reading it */
  readRange?(offset: number, length: number): Uint8Array;
};

/** One thing that is in an image, as lists of contents name it. */
export type FoundPackage = {
  readonly type: PackageType;
  /** as its ecosystem writes it: `libc6`, `@scope/name`, `golang.org/x/net` */
  readonly name: string;
  readonly version: string;
  /** package URL, without a digest */
  readonly purl: string;
  /** SPDX expressions where known, else the names that the package uses; all of them apply */
  readonly licenses: readonly string[];
  /** of the package file, where it is known */
  readonly digest?: Digest;
  /** what its source is published as, where that differs from how the package itself is */
  readonly source?: {
    readonly name: string;
    readonly version: string;
    /** of the packaging's repository (Alpine) */
    readonly commit?: string;
  };
  readonly supplier?: string;
  /** path in the image of the database or file that names it */
  readonly foundIn?: string;
  /** paths in the image of its licence texts and notices */
  readonly licenseFiles?: readonly string[];
};

/** What `etc/os-release` says about the distribution. */
export type Distro = {
  /** `debian` */
  readonly id: string;
  /** `13`; absent on a rolling distribution */
  readonly versionId?: string;
};

/** Something that could not be read and was left out. */
export type ScanWarning = { readonly path: string; readonly message: string };

export type ScanResult = {
  readonly distro?: Distro;
  /** sorted by purl, each once */
  readonly packages: readonly FoundPackage[];
  readonly warnings: readonly ScanWarning[];
};
