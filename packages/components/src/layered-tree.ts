import { assertSafeName, refuseEntry } from './safe-name.ts';
import type { TarEntry } from './tar-reader.ts';
import { historyOf, type Layer, type Lineage, type Removed, type Tree, type TreeEntry } from './tree.ts';

const MAX_SYMLINKS = 40;
/** No Linux makes a longer one. */
const MAX_TARGET_BYTES = 4095;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

export type LayerOptions = {
  /** names the component in errors, and as the origin of every file */
  readonly source: string;
  /** that the entries come in; absent: they are of no image */
  readonly layer?: Layer | undefined;
  /** OCI layers remove files of lower ones by `.wh.` names; packages do not */
  readonly whiteouts: boolean;
  /** dpkg's rule: a directory that meets a symlink to a directory leaves it alone */
  readonly keepDirectorySymlinks: boolean;
  /** paths of device nodes that are wanted; every other one is refused */
  readonly deviceNodes?: ReadonlySet<string> | undefined;
};

/** Layers put on top of one another in memory. Names are resolved inside the tree, so nothing can leave it. */
export type LayeredTree = {
  /** @throws {SlipwayError} LAYER_UNSAFE; the tree is then of no use */
  apply(entries: Iterable<TarEntry>, options: LayerOptions): void;
  /** Puts another tree on top. */
  overlay(upper: Tree): void;
  /** What was there and was taken away, by path. */
  removed(): readonly Removed[];
  /** What is there so far, every name of a file being a file of its own. */
  entries(): ReadonlyMap<string, TreeEntry>;
  /**
   * The result, sorted; of the names of a file, the one that came first is the file.
   *
   * @param keep paths of what goes in; absent: everything
   */
  toTree(keep?: ReadonlySet<string>): Tree;
};

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`);

/** Attributes that mean something on the device; overlay and SELinux marks of the building machine do not. */
const isKeptXattr = (name: string): boolean => name === 'security.capability' || name.startsWith('user.');

const lineageOf = ({ source, part, layer, location }: Lineage): Lineage => ({
  source,
  part,
  layer,
  location,
});

export const createLayeredTree = (): LayeredTree => {
  const tree = new Map<string, TreeEntry>();
  const children = new Map<string, Set<string>>();
  const gone = new Map<string, Removed>();
  /** paths that are names of one file share a number */
  const inodes = new Map<string, number>();
  let nextInode = 1;

  /** what the directory asked for last resolved to; most entries lie beside the one before */
  let lastAsked: string | undefined;
  let lastResolved = '';

  const resolveDirectory = (path: string, source: string): string => {
    if (path === lastAsked) return lastResolved;
    lastResolved = followDirectory(path, source);
    lastAsked = path;
    return lastResolved;
  };

  /** Follows symlinks as the kernel would with the tree as its root; what does not exist stands for itself. */
  const followDirectory = (path: string, source: string): string => {
    let rest = path.split('/').filter((part) => part !== '');
    let at = '';
    let hops = 0;
    while (rest.length > 0) {
      const [part = '', ...more] = rest;
      rest = more;
      if (part === '.') continue;
      if (part === '..') {
        at = parentOf(at);
        continue;
      }
      const next = join(at, part);
      const entry = tree.get(next);
      if (entry?.type !== 'symlink') {
        at = next;
        continue;
      }
      if (++hops > MAX_SYMLINKS) return refuseEntry(source, path, 'symlinks run in a circle');
      if (entry.target.startsWith('/')) at = '';
      rest = [...entry.target.split('/').filter((piece) => piece !== ''), ...rest];
    }
    return at;
  };

  const remove = (path: string, by: Lineage): void => {
    lastAsked = undefined;
    for (const name of children.get(path) ?? []) remove(join(path, name), by);
    const old = tree.get(path);
    if (old !== undefined) gone.set(path, { path, by, over: historyOf(old) });
    children.delete(path);
    tree.delete(path);
    inodes.delete(path);
    children.get(parentOf(path))?.delete(baseOf(path));
  };

  const put = (entry: TreeEntry): void => {
    if (entry.type === 'symlink') lastAsked = undefined;
    const old = tree.get(entry.path);
    if (old !== undefined && !(old.type === 'directory' && entry.type === 'directory'))
      remove(entry.path, lineageOf(entry));
    const before = gone.size === 0 ? undefined : gone.get(entry.path);
    if (before !== undefined) gone.delete(entry.path);
    tree.set(
      entry.path,
      before === undefined ? entry : { ...entry, over: [...before.over, ...(entry.over ?? [])] },
    );
    const parent = parentOf(entry.path);
    const siblings = children.get(parent) ?? new Set();
    siblings.add(baseOf(entry.path));
    children.set(parent, siblings);
  };

  const ensureDirectory = (path: string, like: Lineage & { readonly mtime: number }): void => {
    if (path === '') return;
    const entry = tree.get(path);
    if (entry?.type === 'directory') return;
    ensureDirectory(parentOf(path), like);
    const { mtime, source, layer } = like;
    put({ path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime, source, layer });
  };

  const applyWhiteout = (name: string, by: LayerOptions): void => {
    const { source } = by;
    const lineage = lineageOf(by);
    const base = baseOf(name);
    const directory = resolveDirectory(parentOf(name), source);
    if (base === OPAQUE) {
      for (const child of children.get(directory) ?? []) remove(join(directory, child), lineage);
      return;
    }
    const target = base.slice(WHITEOUT.length);
    if (target.startsWith(WHITEOUT)) return;
    if (target === '' || target === '.' || target === '..')
      refuseEntry(source, name, 'a whiteout names no file of its directory');
    remove(join(directory, target), lineage);
  };

  const linkTo = (path: string, targetName: string, { source, layer }: Lineage): void => {
    const target = assertSafeName(targetName.replace(/^\/+/, ''), source);
    const found = target === undefined ? undefined : tree.get(target);
    if (target === undefined) return refuseEntry(source, path, 'a hard link has no target');
    if (resolveDirectory(parentOf(target), source) !== parentOf(target))
      return refuseEntry(source, path, `a hard link goes through a symlink: ${targetName}`);
    if (found === undefined) return refuseEntry(source, path, `a hard link has no target: ${targetName}`);
    if (found.type === 'directory')
      return refuseEntry(source, path, `a hard link points at a directory: ${targetName}`);
    if (target === path) return;
    const inode = inodes.get(target);
    put({ ...found, path, layer: layer ?? found.layer, over: undefined });
    if (inode !== undefined) inodes.set(path, inode);
  };

  const add = (entry: TarEntry, name: string, options: LayerOptions): void => {
    const { source, layer } = options;
    const parent = resolveDirectory(parentOf(name), source);
    const path = join(parent, baseOf(name));
    ensureDirectory(parent, { source, layer, mtime: entry.mtime });
    const { mode, uid, gid, mtime } = entry;
    if (entry.type === 'file' && entry.xattrs.size === 0) {
      put({ path, type: 'file', mode, uid, gid, mtime, source, layer, content: entry.content });
      inodes.set(path, nextInode++);
      return;
    }
    const xattrs = new Map([...entry.xattrs].filter(([key]) => isKeptXattr(key)));
    const meta = {
      path,
      mode,
      uid,
      gid,
      mtime,
      source,
      layer,
      ...(xattrs.size === 0 ? {} : { xattrs }),
    };
    switch (entry.type) {
      case 'file':
        put({ ...meta, type: 'file', content: entry.content });
        inodes.set(path, nextInode++);
        return;
      case 'directory': {
        const old = tree.get(path);
        if (
          options.keepDirectorySymlinks &&
          old?.type === 'symlink' &&
          tree.get(resolveDirectory(path, source))?.type !== 'file'
        )
          ensureDirectory(resolveDirectory(path, source), { source, layer, mtime: entry.mtime });
        else put({ ...meta, type: 'directory' });
        return;
      }
      case 'symlink':
        if (entry.linkName === '' || entry.linkName.includes('\0'))
          refuseEntry(source, name, 'a symlink has no target, or one with NUL');
        if (
          entry.linkName.length > MAX_TARGET_BYTES / 4 &&
          Buffer.byteLength(entry.linkName) > MAX_TARGET_BYTES
        )
          refuseEntry(source, name, `the target of a symlink is longer than ${MAX_TARGET_BYTES} bytes`);
        put({ ...meta, mode: 0o777, type: 'symlink', target: entry.linkName });
        return;
      case 'hardlink':
        linkTo(path, entry.linkName, options);
        return;
      case 'fifo':
        put({ ...meta, type: 'fifo' });
        return;
      case 'char':
      case 'block':
        if (options.deviceNodes?.has(path) !== true)
          refuseEntry(
            source,
            name,
            'a device node does not belong in a component; if this one does, list it under deviceNodes of the image file',
          );
        put({ ...meta, type: entry.type, major: entry.major, minor: entry.minor });
    }
  };

  return {
    apply(entries, options) {
      const named: { readonly entry: TarEntry; readonly name: string }[] = [];
      for (const entry of entries) {
        const name = assertSafeName(entry.name, options.source);
        if (name !== undefined) named.push({ entry, name });
      }
      const isWhiteout = ({ name }: { readonly name: string }): boolean =>
        options.whiteouts && baseOf(name).startsWith(WHITEOUT);
      // Whiteouts mean lower layers only, wherever they stand in this one.
      for (const { name } of named.filter(isWhiteout)) applyWhiteout(name, options);
      for (const item of named) if (!isWhiteout(item)) add(item.entry, item.name, options);
    },
    overlay(upper) {
      const entries = [...upper.values()].sort((a, b) =>
        a.type === 'hardlink' ? (b.type === 'hardlink' ? 0 : 1) : b.type === 'hardlink' ? -1 : 0,
      );
      const byDepth = entries
        .filter(({ type }) => type !== 'hardlink')
        .sort((a, b) => (a.path < b.path ? -1 : 1));
      for (const entry of [...byDepth, ...entries.filter(({ type }) => type === 'hardlink')]) {
        const parent = resolveDirectory(parentOf(entry.path), entry.source);
        const path = join(parent, baseOf(entry.path));
        ensureDirectory(parent, entry);
        const old = tree.get(path);
        if (entry.type === 'hardlink') linkTo(path, entry.target, entry);
        else if (entry.type === 'directory' && old?.type === 'symlink')
          ensureDirectory(resolveDirectory(path, entry.source), entry);
        else {
          put({ ...entry, path });
          if (entry.type === 'file') inodes.set(path, nextInode++);
        }
      }
    },
    removed: () => [...gone.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    entries: () => tree,
    toTree(keep) {
      const result: Tree = new Map();
      // The one that came first is the file, and the others are links to it, as the archive had them.
      const first = new Map<number, string>();
      for (const path of tree.keys()) {
        const inode = inodes.get(path);
        if (inode !== undefined && keep?.has(path) !== false && !first.has(inode)) first.set(inode, path);
      }
      for (const path of [...tree.keys()].sort()) {
        const entry = tree.get(path);
        if (entry === undefined || keep?.has(path) === false) continue;
        const inode = inodes.get(path);
        const original = inode === undefined ? undefined : first.get(inode);
        if (original === undefined || original === path) result.set(path, entry);
        else {
          const { mode, uid, gid, mtime, over } = entry;
          const meta = { path, mode, uid, gid, mtime, over, ...lineageOf(entry) };
          result.set(path, { ...meta, type: 'hardlink', target: original });
        }
      }
      return result;
    },
  };
};
