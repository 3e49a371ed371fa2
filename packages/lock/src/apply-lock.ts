import type { DebPackage } from '@slipway/components';
import { formatReference, parseReference } from '@slipway/image-spec';
import type { Arch, Digest } from '@slipway/protocol';
import { lockInputs, lockKey, referencesOf, type OwnInputs, type Place } from './inputs.ts';
import type { Lock, LockedSet } from './lock-file.ts';
import { assertFresh } from './staleness.ts';

/** Of the manifest for the architecture. */
export const lockedImage = (lock: Lock, key: string, arch: Arch): Digest | undefined =>
  lock.images[key]?.platforms[arch];

/** Where the archive of a package keeps what it no longer offers. */
const mirrorsOf = (url: string, sources: LockedSet['sources']): string[] =>
  sources.flatMap(({ uri, fallback }) => {
    const base = `${uri.replace(/\/+$/, '')}/`;
    return fallback !== undefined && url.startsWith(base)
      ? [`${fallback.replace(/\/+$/, '')}/${url.slice(base.length)}`]
      : [];
  });

/** The packages of a set, with other places to have them from. */
export const lockedPackages = (lock: Lock, set: string, arch: Arch): DebPackage[] | undefined => {
  const entry = lock.debian[arch]?.[set];
  return entry?.packages.map((item) => {
    const mirrors = mirrorsOf(item.url, entry.sources);
    return mirrors.length === 0 ? item : { ...item, mirrors };
  });
};

type Platforms = Lock['images'][string]['platforms'];

/** A lock in the terms of `resolveComponent`. */
export type LockedComponents = {
  /** by reference as the image file has it */
  readonly lockedImages: ReadonlyMap<string, Digest>;
  /** of each of them, for all architectures */
  readonly lockedPlatforms: ReadonlyMap<string, Platforms>;
  /** by the name of the set */
  readonly lockedPackages: ReadonlyMap<string, readonly DebPackage[]>;
};

/**
 * What a lock says of everything that an image file names.
 *
 * @param file name of the lock, for errors
 * @throws {SlipwayError} LOCK_STALE if it does not say everything
 */
export const applyLock = (
  lock: Lock,
  spec: Parameters<typeof lockInputs>[0],
  {
    arch,
    file,
    own,
    ...place
  }: Place & {
    readonly arch: Arch;
    readonly file: string;
    readonly own?: OwnInputs | undefined;
  },
): LockedComponents => {
  const inputs = lockInputs(spec, place, own);
  assertFresh(lock, inputs, arch, file);
  const images = new Map<string, Digest>();
  const platforms = new Map<string, Platforms>();
  for (const text of [...referencesOf(spec), ...(own?.bases ?? [])]) {
    const key = lockKey(text, place);
    const [canonical, digest] = [formatReference(parseReference(text)), lockedImage(lock, key, arch)];
    if (digest !== undefined) images.set(canonical, digest);
    platforms.set(canonical, lock.images[key]?.platforms ?? {});
  }
  const packages = new Map<string, readonly DebPackage[]>();
  for (const name of inputs.packages.keys()) packages.set(name, lockedPackages(lock, name, arch) ?? []);
  return { lockedImages: images, lockedPlatforms: platforms, lockedPackages: packages };
};
