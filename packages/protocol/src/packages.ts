import { z } from 'zod';
import { ReleaseState } from './api.ts';
import { NamePattern } from './build-inputs.ts';
import { ChannelName } from './channels.ts';
import { QueryText } from './groups.ts';
import { ClassName, ReleaseId, Version } from './ids.ts';
import { PackageType } from './package-type.ts';

/** One package of an image, as the list of its contents names it. */
export const ReleasePackage = z.object({
  type: PackageType,
  name: z.string(),
  version: z.string(),
  /** what it was built from: `libssl3t64` of Debian is made of `openssl`; mostly the same */
  source: z.object({ name: z.string(), version: z.string() }),
});
export type ReleasePackage = z.infer<typeof ReleasePackage>;

/** A package with the versions of it that releases hold, lowest first by the order of its ecosystem. */
export const KnownPackage = z.object({
  type: PackageType,
  name: z.string(),
  versions: z.array(
    z.object({
      version: z.string(),
      /** that hold it */
      releases: z.int(),
      /** that run one of them */
      devices: z.int(),
    }),
  ),
});
export type KnownPackage = z.infer<typeof KnownPackage>;

export const PackageFilter = z.strictObject({
  name: NamePattern.optional(),
  type: PackageType.optional(),
});
export type PackageFilter = z.infer<typeof PackageFilter>;

const ReleaseName = z.object({
  id: ReleaseId,
  deviceClass: ClassName,
  version: Version,
  state: ReleaseState,
});

export const MAX_FOUND_RELEASES = 500;

/** Who runs a package. */
export const PackageFinding = z.object({
  /** finds the devices wherever a query is taken */
  query: QueryText,
  devices: z.int(),
  byClass: z.array(
    z.object({
      deviceClass: ClassName,
      devices: z.int(),
      /** the newest published release of the class that is known to hold none of it; null: there is none yet that is newer than what any of them runs */
      update: z.object({ id: ReleaseId, version: Version }).nullable(),
      /** by the channel that they follow; null: none. What is published to no channel of theirs does not reach those who follow one */
      channels: z
        .array(
          z.object({
            channel: ChannelName.nullable(),
            devices: z.int(),
            /** the newest that was published to it, holds none of it and is newer than what they run */
            update: z.object({ id: ReleaseId, version: Version }).nullable(),
          }),
        )
        .optional(),
    }),
  ),
  /** that hold it, those that most devices run first; at most `MAX_FOUND_RELEASES` */
  releases: z.array(ReleaseName.extend({ packages: z.array(ReleasePackage), devices: z.int() })),
  /** how many hold it in all */
  releaseCount: z.int(),
  /** of whom it cannot be told: devices on releases whose contents are not known, and those that never said what they run */
  unknown: z.object({ releases: z.int(), devices: z.int(), silent: z.int() }),
  /** why the answer may not be what was meant */
  hints: z.array(z.string()),
});
export type PackageFinding = z.infer<typeof PackageFinding>;

/** Days that coverage is told for. */
export const COVERAGE_DAYS = { most: 90, usual: 14 };

/** How many devices ran a package over time: those that are in the fleet now, from when they enrolled. */
export const PackageCoverage = z.object({
  query: QueryText,
  /** evenly apart; the last is now */
  at: z.array(z.iso.datetime()),
  /** that ran it, at the moment of the same place in `at` */
  devices: z.array(z.int()),
  /** of whom it is not known what they ran, or what was in it */
  unknown: z.array(z.int()),
  /** of them all */
  fleet: z.array(z.int()),
});
export type PackageCoverage = z.infer<typeof PackageCoverage>;

const VersionChange = z.object({
  type: PackageType,
  name: z.string(),
  from: z.string(),
  to: z.string(),
});

/** What changes on a device that goes from one release to another. */
export const ReleaseDifference = z.object({
  from: ReleaseName,
  to: ReleaseName,
  added: z.array(ReleasePackage),
  removed: z.array(ReleasePackage),
  upgraded: z.array(VersionChange),
  downgraded: z.array(VersionChange),
  /** how many are in both */
  unchanged: z.int(),
});
export type ReleaseDifference = z.infer<typeof ReleaseDifference>;
