import { SlipwayError, type Arch } from '@slipway/protocol';
import type { PackageSet } from '@slipway/image-spec';
import type { Component, ResolveOptions } from '../component.ts';
import { createLayeredTree, type LayeredTree } from '../layered-tree.ts';
import type { OciConfig } from '../oci-config.ts';
import type { Origin } from '../origin.ts';
import { decodeTar, type TarEntry } from '../tar-reader.ts';
import { openAptRoot, type AptRoot } from './apt-root.ts';
import { fetchPackages } from './fetch-packages.ts';
import { licensesOf } from './licenses.ts';
import { resolvePackages, type DebPackage } from './resolve-packages.ts';
import { selectFiles } from './select-files.ts';
import { unpackPackage } from './unpack-package.ts';

/**
 * Debian's packages rely on these symlinks, which `base-files` and not the packages themselves bring. The loader of
 * every program is named through one of them.
 */
const MERGED_USR = ['bin', 'sbin', 'lib', 'lib64'] as const;

const mergedUsrLinks = (): TarEntry[] =>
  MERGED_USR.map((name) => ({
    name,
    type: 'symlink',
    linkName: `usr/${name}`,
    mode: 0o777,
    uid: 0,
    gid: 0,
    mtime: 0,
    major: 0,
    minor: 0,
    xattrs: new Map(),
    content: new Uint8Array(),
  }));

const purlOf = ({ name, version, arch }: DebPackage): string =>
  `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}`;

const addPackage = async (tree: LayeredTree, item: DebPackage, cacheDir: string): Promise<Origin> => {
  const source = `deb:${item.name}@${item.version}`;
  const tar = await unpackPackage(item, cacheDir);
  tree.apply(decodeTar(tar, source), { source, whiteouts: false, keepDirectorySymlinks: true });
  const copyright = tree.entries().get(`usr/share/doc/${item.name}/copyright`);
  const licenses = copyright?.type === 'file' ? licensesOf(new TextDecoder().decode(copyright.content)) : [];
  return {
    type: 'deb',
    name: item.name,
    version: item.version,
    purl: purlOf(item),
    digest: item.digest,
    ...(licenses.length === 0 ? {} : { licenses }),
  };
};

const toOciConfig = (config: PackageSet['config']): OciConfig => ({
  Entrypoint: config?.entrypoint,
  Cmd: config?.cmd,
  Env: config?.env,
  WorkingDir: config?.cwd,
  User: config?.user,
});

const resolveSet = async (
  set: PackageSet,
  arch: Arch,
  options: Pick<ResolveOptions, 'cacheDir' | 'log' | 'mirror'>,
): Promise<{ readonly root: AptRoot; readonly packages: DebPackage[] }> => {
  const log = options.log ?? (() => undefined);
  const root = await openAptRoot(arch, options.cacheDir, log, options.mirror);
  const names = set.install.map((name) => name.replaceAll('${arch}', arch));
  const packages = await resolvePackages(root, names, set.dependencies);
  await fetchPackages(root, packages, options.cacheDir, log);
  return { root, packages };
};

/**
 * Debian packages as a tree: unpacked, never installed. No code of a package runs; what its scripts would do, such as
 * making users, is not done.
 */
export const readPackageSet = async (
  ref: string,
  set: PackageSet,
  arch: Arch,
  options: Pick<ResolveOptions, 'cacheDir' | 'log' | 'mirror'>,
): Promise<Component> => {
  const { packages } = await resolveSet(set, arch, options);
  const tree = createLayeredTree();
  tree.apply(mergedUsrLinks(), { source: ref, whiteouts: false, keepDirectorySymlinks: true });
  const origins: Origin[] = [];
  for (const item of packages) origins.push(await addPackage(tree, item, options.cacheDir));
  const kept = selectFiles(tree.entries(), set.include, set.exclude ?? []);
  for (const name of MERGED_USR)
    if (kept.has(`usr/${name}`)) kept.add(name);
    else kept.delete(name);
  return { ref, tree: tree.toTree(kept), config: toOciConfig(set.config), origins };
};

export const readDebianComponent = async (name: string, options: ResolveOptions): Promise<Component> => {
  const set = options.spec.packages[name];
  if (set === undefined)
    throw new SlipwayError('COMPONENT_NOT_FOUND', `deb:${name}: the image file has no package set ${name}`, {
      details: { component: `deb:${name}`, allowed: Object.keys(options.spec.packages) },
    });
  return readPackageSet(`deb:${name}`, set, options.arch, options);
};
