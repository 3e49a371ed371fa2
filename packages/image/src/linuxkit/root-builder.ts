import { replacing, sortedEntries, type Tree, type TreeEntry } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { resolvePath } from '../resolve-path.ts';
import { directory } from './generated.ts';

/** Of directories that nobody asked for by name. */
export type ParentAttributes = { readonly mode: number; readonly uid: number; readonly gid: number };

/**
 * A root that is filled from below. What is put later replaces what was there, as when one tar is unpacked over another;
 * the result is closed: everything lies in a directory, and hard links have their files.
 */
export type RootBuilder = {
  /**
   * Puts one entry; its parents are followed through symlinks, and made if they are missing.
   *
   * @throws {SlipwayError} COMPONENT_INVALID
   */
  put(entry: TreeEntry, parents?: ParentAttributes): void;
  /** Puts many, files before the hard links to them. */
  putAll(entries: Iterable<TreeEntry>): void;
  readonly tree: Tree;
};

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`);

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** Makes an empty root. */
export const createRoot = (): RootBuilder => {
  const tree: Tree = new Map();
  /** hard links by the file they are names of */
  const links = new Map<string, Set<string>>();
  /** real places of directories that exist */
  const places = new Map<string, string>();

  const invalid = ({ path, source }: TreeEntry, why: string): never => {
    throw new SlipwayError('COMPONENT_INVALID', `${source}: ${path}: ${why}`, {
      details: { component: source, path },
    });
  };

  const unlink = (entry: TreeEntry): void => {
    if (entry.type === 'hardlink') links.get(entry.target)?.delete(entry.path);
    if (entry.type === 'file') passOn(entry);
    tree.delete(entry.path);
  };

  /** A file goes, but its other names stay: the first of them becomes the file. */
  const passOn = (gone: Extract<TreeEntry, { type: 'file' }>): void => {
    const [first, ...others] = [...(links.get(gone.path) ?? [])].sort(byText);
    links.delete(gone.path);
    const heir = first === undefined ? undefined : tree.get(first);
    if (first === undefined || heir === undefined) return;
    const { path, mode, uid, gid, mtime, source, part, layer, location, over } = heir;
    const attributes = { path, mode, uid, gid, mtime, source, part, layer, over };
    tree.set(first, { ...gone, ...attributes, ...(location === undefined ? {} : { location }) });
    for (const other of others) {
      const link = tree.get(other);
      if (link?.type === 'hardlink') tree.set(other, { ...link, target: first });
    }
    if (others.length > 0) links.set(first, new Set(others));
  };

  const removeBelow = (path: string): TreeEntry[] => {
    const below = [...tree.values()].filter((entry) => entry.path.startsWith(`${path}/`));
    for (const { path: at } of below) {
      const now = tree.get(at);
      if (now !== undefined) unlink(now);
    }
    places.clear();
    return below;
  };

  const place = (path: string, like: TreeEntry, parents: ParentAttributes | undefined): string => {
    if (path === '') return '';
    const known = places.get(path);
    if (known !== undefined) return known;
    const resolved = resolvePath(tree, path) ?? invalid(like, 'symlinks above it run in a circle');
    const ensure = (at: string): void => {
      const there = tree.get(at);
      if (at === '' || there?.type === 'directory') return;
      ensure(parentOf(at));
      if (there !== undefined) unlink(there);
      const made = directory(at, { source: like.source, location: like.location ?? '' });
      tree.set(at, { ...made, ...parents });
    };
    ensure(resolved);
    places.set(path, resolved);
    return resolved;
  };

  /** The file that a hard link names, whatever links there are between. */
  const linked = (link: Extract<TreeEntry, { type: 'hardlink' }>): TreeEntry => {
    const found = tree.get(join(place(parentOf(link.target), link, undefined), baseOf(link.target)));
    const file = found?.type === 'hardlink' ? tree.get(found.target) : found;
    if (file === undefined || file.type === 'directory')
      return invalid(link, `a hard link names no file: ${link.target}`);
    return file;
  };

  const put = (entry: TreeEntry, parents?: ParentAttributes): void => {
    const path = join(place(parentOf(entry.path), entry, parents), baseOf(entry.path));
    const file = entry.type === 'hardlink' ? linked(entry) : undefined;
    if (file?.path === path) return;
    const old = tree.get(path);
    if (old?.type === 'directory' && entry.type === 'directory') {
      tree.set(path, { ...entry, path });
      return;
    }
    // What lay in a directory that becomes a symlink, such as lib of a merged /usr, moves to where it points.
    const moved = old?.type === 'directory' ? removeBelow(path) : [];
    if (old !== undefined) unlink(old);
    if (old?.type === 'symlink' || entry.type === 'symlink') places.clear();
    const set = (placed: TreeEntry): void => void tree.set(path, replacing(placed, old));
    if (entry.type !== 'hardlink') set({ ...entry, path });
    else if (file?.type !== 'file') set({ ...(file ?? entry), path });
    else {
      set({ ...entry, path, target: file.path });
      links.set(file.path, (links.get(file.path) ?? new Set()).add(path));
    }
    if (entry.type === 'symlink') putAll(moved);
  };

  const putAll = (entries: Iterable<TreeEntry>): void => {
    const hardLinks: TreeEntry[] = [];
    for (const entry of sortedEntries(new Map([...entries].map((item) => [item.path, item]))))
      if (entry.type === 'hardlink') hardLinks.push(entry);
      else put(entry);
    for (const entry of hardLinks) put(entry);
  };

  return { put, putAll, tree };
};
