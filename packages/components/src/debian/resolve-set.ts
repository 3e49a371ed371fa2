import type { DebianSource, PackageSet } from '@slipway/image-spec';
import { ARCHITECTURES, type Arch } from '@slipway/protocol';
import { join } from 'node:path';
import { openAptRoot, type AptRoot } from './apt-root.ts';
import { hostSources, type Mirror } from './host-sources.ts';
import { releaseDates } from './release-dates.ts';
import { resolvePackages, type DebPackage } from './resolve-packages.ts';
import { atSnapshot } from './snapshot.ts';
import { declaredSources, type AptSource } from './sources.ts';

export type ResolveSetOptions = {
  readonly cacheDir: string;
  /** the image repository, which keyrings are relative to */
  readonly baseDir?: string | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly mirror?: Mirror | undefined;
  readonly offline?: boolean | undefined;
  /** package lists fetched earlier are fetched again, ms; absent: six hours ago */
  readonly listsSince?: number | undefined;
};

/** What of a package set decides which packages it becomes. */
export type PackageChoice = Pick<PackageSet, 'install' | 'dependencies' | 'debian'>;

const sourcesOf = async (
  declared: readonly DebianSource[] | undefined,
  { baseDir, mirror }: ResolveSetOptions,
): Promise<AptSource[]> =>
  declared === undefined ? hostSources(mirror) : declaredSources(declared, baseDir ?? process.cwd());

const choose = async (
  set: PackageChoice,
  arch: Arch,
  options: ResolveSetOptions,
): Promise<{ readonly root: AptRoot; readonly packages: DebPackage[] }> => {
  const { cacheDir, log = () => undefined, offline, listsSince } = options;
  const sources = await sourcesOf(set.debian, options);
  const root = await openAptRoot({ arch, cacheDir, sources, log, offline, listsSince });
  const names = set.install.map((name) => name.replaceAll('${arch}', ARCHITECTURES[arch].debian));
  return { root, packages: await resolvePackages(root, names, set.dependencies) };
};

/**
 * The packages that a set becomes now. Nothing is downloaded but package lists.
 *
 * @throws {SlipwayError} PACKAGE_NOT_FOUND, PACKAGE_FETCH_FAILED, PACKAGE_SIGNATURE_INVALID, COMPONENT_OFFLINE
 */
export const choosePackages = async (
  set: PackageChoice,
  arch: Arch,
  options: ResolveSetOptions,
): Promise<DebPackage[]> => (await choose(set, arch, options)).packages;

/** One archive as it was when packages were chosen from it. */
export type SourceState = {
  readonly uri: string;
  /** when each suite was published, by its signed Release file: `20261101T120000Z` */
  readonly suites: Readonly<Record<string, string>>;
  readonly components: readonly string[];
  /** where packages are that `uri` no longer has */
  readonly fallback?: string;
};

/** A package set, resolved, with what is needed to have the same again. */
export type ResolvedSet = {
  readonly sources: readonly SourceState[];
  readonly packages: readonly DebPackage[];
};

const stateOf = async (source: AptSource, listsDir: string): Promise<SourceState> => {
  const suites = await releaseDates(listsDir, source);
  const newest = Object.values(suites).sort().at(-1) ?? '';
  const { uri, components, fallback } = source;
  return {
    uri,
    suites,
    components,
    ...(fallback === undefined ? {} : { fallback: atSnapshot(fallback, source.snapshot ?? newest) }),
  };
};

/** As `choosePackages`, and from which state of which archives. */
export const resolvePackageSet = async (
  set: PackageChoice,
  arch: Arch,
  options: ResolveSetOptions,
): Promise<ResolvedSet> => {
  const { root, packages } = await choose(set, arch, options);
  const lists = join(root.directory, 'state', 'lists');
  const sources: SourceState[] = [];
  for (const source of root.sources) sources.push(await stateOf(source, lists));
  return { sources, packages };
};
