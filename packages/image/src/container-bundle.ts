import type { Component, Tree, TreeEntry } from '@slipway/components';
import type { Container } from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import { containerConfig, type RuntimeConfig } from './container-config.ts';
import { resolvePath } from './resolve-path.ts';
import {
  ensureDirectory,
  ensureParents,
  putDirectory,
  putFile,
  putSymlink,
  underDirectory,
} from './tree-edit.ts';

export type Section = 'onboot' | 'onshutdown' | 'services';

/** Whether a path of the device's root is a file, so that a bind of it needs a file to be mounted on. */
type IsFile = (path: string) => boolean;

export type BundleContext = {
  readonly arch: Arch;
  /** where each image's files already are; entries are added */
  readonly shared: Map<string, string>;
  readonly isFile: IsFile;
  /** numbers that names of containers stand for */
  readonly users: ReadonlyMap<string, number>;
};

/** Removed from every image: what Docker leaves behind and what a runtime makes itself. */
const EXCLUDED = /^(?:\.dockerenv|Dockerfile|dev\/.*|etc\/hostname)$/;
const ENSURED = ['dev', 'dev/pts', 'dev/shm', 'etc', 'proc', 'sys', 'tmp'];

/** The files of an image as the root of a container, with a place for everything that will be mounted there. */
const rootfs = (component: Component, config: RuntimeConfig, isFile: IsFile): Tree => {
  const root: Tree = new Map([...component.tree].filter(([path]) => !EXCLUDED.test(path)));
  for (const path of ENSURED) ensureDirectory(root, path);
  if (!root.has('etc/hosts')) putFile(root, 'etc/hosts', '127.0.0.1\tlocalhost\n::1\tlocalhost\n');
  if (!root.has('etc/resolv.conf')) putFile(root, 'etc/resolv.conf', '');
  for (const { destination, type, source } of config.mounts) {
    const path = resolvePath(root, destination);
    if (path === undefined || path === '' || root.has(path)) continue;
    // Below another mount nothing of this root is seen.
    if (config.mounts.some((other) => `/${path}`.startsWith(`${other.destination}/`))) continue;
    if (type === 'bind' && isFile(source)) putFile(root, path, '');
    else putDirectory(root, path);
  }
  return root;
};

const mountLine = ({
  type,
  source,
  destination,
  options,
}: NonNullable<NonNullable<Container['runtime']>['mounts']>[number]) =>
  `${type ?? 'bind'} ${source ?? 'none'} ${destination} ${(options ?? ['defaults']).join(',')}\n`;

/** Packages may be in several components: where the image file asks for this one tells them apart. */
const located = (entry: TreeEntry, location: string): TreeEntry => ({
  ...entry,
  location,
  over: entry.over?.map((old) => ({ ...old, location })),
});

/**
 * Adds the bundle of a container to a root tree: `config.json` and `rootfs`, or for a writable one `lower`, `tmp` and
 * `rootfs`, which are overlaid on the device. Containers of one image share its files if they mount the same places.
 *
 * @returns directory of the bundle
 */
export const addContainer = (
  tree: Tree,
  section: Section,
  index: number,
  container: Container,
  component: Component,
  { arch, shared, isFile, users }: BundleContext,
): string => {
  const name =
    section === 'services' ? container.name : `${String(index).padStart(3, '0')}-${container.name}`;
  const bundle = `containers/${section}/${name}`;
  const config = containerConfig(section, container, component.config, component.tree, arch, users);
  const isWritable = !config.root.readonly;
  const files = `${bundle}/${isWritable ? 'lower' : 'rootfs'}`;
  const key = JSON.stringify([component.ref, config.mounts.map(({ destination }) => destination)]);
  const first = shared.get(key);
  putDirectory(tree, bundle);
  if (first === undefined) {
    shared.set(key, files);
    putDirectory(tree, files);
    for (const entry of rootfs(component, config, isFile).values()) {
      const moved = located(underDirectory(entry, files), `${section}[${index}]`);
      ensureParents(tree, moved.path);
      tree.set(moved.path, moved);
    }
  } else if (isWritable) putSymlink(tree, files, `/${first}`);
  if (isWritable) for (const folder of ['tmp', 'rootfs']) putDirectory(tree, `${bundle}/${folder}`);
  const path = isWritable || first === undefined ? 'rootfs' : `/${first}`;
  putFile(
    tree,
    `${bundle}/config.json`,
    `${JSON.stringify({ ...config, root: { ...config.root, path } }, null, 1)}\n`,
  );
  const { mkdir = [], mounts = [], cgroups = [] } = container.runtime ?? {};
  const directories = [...mkdir, ...cgroups.map((cgroup) => `/sys/fs/cgroup/${cgroup}`)];
  if (directories.length > 0)
    putFile(tree, `${bundle}/mkdir`, directories.map((directory) => `${directory}\n`).join(''));
  if (mounts.length > 0) putFile(tree, `${bundle}/mounts`, mounts.map(mountLine).join(''));
  return bundle;
};
