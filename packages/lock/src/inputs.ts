import { formatReference, parseReference, type ImageFile, type PackageSet } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { posix } from 'node:path';
import { declaredDigest } from './declared.ts';

/** Where paths of an image file are relative to, and where the lock file lies; both absolute. */
export type Place = { readonly baseDir: string; readonly lockDir: string };

/** What has to be in a lock, in the lock's own terms: paths relative to it. */
export type LockInputs = {
  readonly images: readonly string[];
  readonly packages: ReadonlyMap<string, PackageSet>;
  /** the image brings Node for the agent */
  readonly npm: boolean;
};

const relocated = (path: string, { baseDir, lockDir }: Place): string =>
  posix.isAbsolute(path) ? path : posix.relative(lockDir, posix.resolve(baseDir, path)) || '.';

/** A reference as the lock has it. */
export const lockKey = (reference: string, place: Place): string => {
  const parsed = parseReference(reference);
  return formatReference('path' in parsed ? { ...parsed, path: relocated(parsed.path, place) } : parsed);
};

const relocatedSet = (set: PackageSet, place: Place): PackageSet =>
  set.debian === undefined
    ? set
    : {
        ...set,
        debian: set.debian.map((source) =>
          source.keyring === undefined ? source : { ...source, keyring: relocated(source.keyring, place) },
        ),
      };

type Sections = Pick<
  ImageFile,
  'kernel' | 'init' | 'volumes' | 'onboot' | 'onshutdown' | 'services' | 'packages'
>;

/** Every reference of an image file once. */
export const referencesOf = (spec: Sections): string[] => [
  ...new Set(
    [
      spec.kernel?.image,
      ...spec.init,
      ...[...spec.volumes, ...spec.onboot, ...spec.onshutdown, ...spec.services].map(({ image }) => image),
    ].flatMap((reference) => (reference === undefined || reference === '' ? [] : [reference])),
  ),
];

/** What an image needs beside what its image file names. */
export type OwnInputs = {
  readonly packages?: Readonly<Record<string, PackageSet>>;
  readonly npm?: boolean;
  /** references of images and package sets that Dockerfiles build upon */
  readonly bases?: readonly string[];
};

/**
 * What an image file needs of a lock: its images and those of its package sets that are used.
 *
 * @param own package sets that Slipway puts into the image beside those of the image file, and what its Dockerfiles
 *   build upon
 */
export const lockInputs = (spec: Sections, place: Place, own: OwnInputs = {}): LockInputs => {
  const references = [...new Set([...referencesOf(spec), ...(own.bases ?? [])])].map((text) => ({
    text,
    parsed: parseReference(text),
  }));
  const used = references.flatMap(({ parsed }) => (parsed.type === 'deb' ? [parsed.name] : []));
  const packages = new Map(Object.entries(own.packages ?? {}));
  for (const name of used) {
    const set = spec.packages[name];
    if (set !== undefined) packages.set(name, set);
  }
  return {
    images: [
      ...new Set(
        references
          .filter(({ parsed }) => parsed.type !== 'deb' && parsed.type !== 'dockerfile')
          .map(({ text }) => lockKey(text, place)),
      ),
    ],
    packages: new Map([...packages].map(([name, set]) => [name, relocatedSet(set, place)])),
    npm: own.npm ?? false,
  };
};

/**
 * The inputs of several image files for one lock.
 *
 * @throws {SlipwayError} SPEC_INVALID if they declare a package set of one name in two ways
 */
export const mergeInputs = (all: readonly LockInputs[]): LockInputs => {
  const packages = new Map<string, PackageSet>();
  for (const [name, set] of all.flatMap((inputs) => [...inputs.packages])) {
    const other = packages.get(name);
    if (other !== undefined && declaredDigest(other) !== declaredDigest(set))
      throw new SlipwayError(
        'SPEC_INVALID',
        `package set ${name} is declared in two ways by image files of one lock; give one of them another name, or give them locks of their own by --output`,
        { details: { set: name } },
      );
    packages.set(name, set);
  }
  return {
    images: [...new Set(all.flatMap(({ images }) => images))],
    packages,
    npm: all.some(({ npm }) => npm),
  };
};
