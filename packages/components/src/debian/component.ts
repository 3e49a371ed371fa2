import type { PackageSet } from '@slipway/image-spec';
import { SlipwayError, type Arch } from '@slipway/protocol';
import type { Component, ResolveOptions } from '../component.ts';
import { readContent } from '../content.ts';
import { createLayeredTree, type LayeredTree } from '../layered-tree.ts';
import type { OciConfig } from '@slipway/oci';
import type { Origin } from '../origin.ts';
import type { TarEntry } from '../tar-reader.ts';
import { createFetcher, type PackageFetcher } from './fetch-package.ts';
import { addGenerated } from './generate.ts';
import { licensesOfCopyright } from '@slipway/sbom';
import type { DebPackage } from './resolve-packages.ts';
import { choosePackages, type ResolveSetOptions } from './resolve-set.ts';
import { sideBySide } from '../side-by-side.ts';
import { selectFiles } from './select-files.ts';
import { symlinkEntry } from './made-entry.ts';
import { packageEntries } from './unpack-package.ts';

/** Downloads and unpacking at a time. */
const PARALLEL = 4;

/**
 * Debian's packages rely on these symlinks, which `base-files` and not the packages themselves bring. The loader of
 * every program is named through one of them.
 */
const MERGED_USR = ['bin', 'sbin', 'lib', 'lib64'] as const;

const purlOf = ({ name, version, arch }: DebPackage): string =>
  `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}`;

const originOf = (item: DebPackage, tree: LayeredTree): Origin => {
  const copyright = tree.entries().get(`usr/share/doc/${item.name}/copyright`);
  const licenses =
    copyright?.type === 'file'
      ? licensesOfCopyright(new TextDecoder().decode(readContent(copyright.content)))
      : [];
  return {
    type: 'deb',
    name: item.name,
    version: item.version,
    purl: purlOf(item),
    digest: item.digest,
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(item.source === undefined ? {} : { source: item.source }),
  };
};

const toOciConfig = (config: PackageSet['config']): OciConfig => ({
  Entrypoint: config?.entrypoint,
  Cmd: config?.cmd,
  Env: config?.env,
  WorkingDir: config?.cwd,
  User: config?.user,
});

/** The entries of every package, in the packages' order, fetched and unpacked side by side. */
const entriesOf = async (
  packages: readonly DebPackage[],
  fetcher: PackageFetcher,
): Promise<(readonly [DebPackage, TarEntry[]])[]> =>
  sideBySide(packages, PARALLEL, async (item) => [item, await packageEntries(item, fetcher)] as const);

/** Texts, and the directory links by which packages share them. */
const isLicenseText = (path: string): boolean =>
  /^usr\/share\/(?:doc\/[^/]+(?:\/copyright)?|common-licenses\/[^/]+)$/.test(path);

export type PackageSetOptions = ResolveSetOptions & {
  /** what a lock says the set consists of: then apt is asked for nothing but what is not in the cache */
  readonly packages?: readonly DebPackage[] | undefined;
};

/**
 * Debian packages as a tree: unpacked, never installed. No code of a package runs; what its scripts would make is made
 * by the rules of `generate`.
 *
 * @throws {SlipwayError} PACKAGE_NOT_FOUND, PACKAGE_FETCH_FAILED, PACKAGE_SIGNATURE_INVALID, COMPONENT_OFFLINE,
 *   COMPONENT_INVALID, LAYER_UNSAFE
 */
export const readPackageSet = async (
  ref: string,
  set: PackageSet,
  arch: Arch,
  options: PackageSetOptions,
): Promise<Component> => {
  const { cacheDir, log = () => undefined, offline } = options;
  const packages = options.packages ?? (await choosePackages(set, arch, options));
  const tree = createLayeredTree();
  const links = MERGED_USR.map((name) => symlinkEntry(name, `usr/${name}`));
  tree.apply(links, { source: ref, whiteouts: false, keepDirectorySymlinks: true });
  const origins: Origin[] = [];
  for (const [item, entries] of await entriesOf(packages, createFetcher({ cacheDir, log, offline }))) {
    const source = `deb:${item.name}@${item.version}`;
    tree.apply(entries, { source, whiteouts: false, keepDirectorySymlinks: true });
    origins.push(originOf(item, tree));
  }
  const licenseTexts = tree.toTree(new Set([...tree.entries().keys()].filter(isLicenseText)));
  const kept = selectFiles(tree.entries(), set.include, set.exclude ?? []);
  addGenerated(tree, kept, set, { ref, arch });
  for (const name of MERGED_USR)
    if (kept.has(`usr/${name}`)) kept.add(name);
    else kept.delete(name);
  return { ref, tree: tree.toTree(kept), config: toOciConfig(set.config), origins, licenseTexts };
};

export const readDebianComponent = async (name: string, options: ResolveOptions): Promise<Component> => {
  const set = options.spec.packages[name];
  if (set === undefined)
    throw new SlipwayError('COMPONENT_NOT_FOUND', `deb:${name}: the image file has no package set ${name}`, {
      details: { component: `deb:${name}`, allowed: Object.keys(options.spec.packages) },
    });
  return readPackageSet(`deb:${name}`, set, options.arch, {
    ...options,
    packages: options.lockedPackages?.get(name),
  });
};
