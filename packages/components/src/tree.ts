import type { Digest } from '@slipway/protocol';
import { contentSize, type Content } from './content.ts';

/** A layer of an image; the entries that came in it share it. */
export type Layer = {
  /** of the bytes as they are stored */
  readonly digest: Digest;
  /** from 1, the lowest */
  readonly number: number;
  readonly of: number;
  /** what made it, as the image tells */
  readonly createdBy?: string | undefined;
};

/** Who put an entry there. */
export type Lineage = {
  /** the component it came from, such as `deb:crun@1.21-1` */
  readonly source: string;
  /** what of the component, where `source` names the whole: a package with its version */
  readonly part?: string | undefined;
  readonly layer?: Layer | undefined;
  /** where the image file asks for it, such as `services[1]`; goes into tars beside `source` */
  readonly location?: string | undefined;
};

/** What was at a path before something else took its place. */
export type Replaced = Lineage & { readonly type: TreeEntry['type']; readonly size?: number | undefined };

/** What was there and was taken away. */
export type Removed = {
  readonly path: string;
  readonly by: Lineage;
  /** lowest first */
  readonly over: readonly Replaced[];
};

/** One entry of a file tree, with everything an archive needs to reproduce it. */
export type TreeEntry = {
  /** relative to the root, `/`-separated, no leading `/`, no `.` or `..`; the root itself is never listed */
  readonly path: string;
  /** permission bits with setuid, setgid and sticky */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** seconds since 1970 */
  readonly mtime: number;
  /** extended attributes, such as `security.capability`, with binary values */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** what it took the place of, lowest first */
  readonly over?: readonly Replaced[] | undefined;
} & Lineage &
  (
    | { readonly type: 'file'; readonly content: Content }
    | { readonly type: 'directory' }
    | { readonly type: 'symlink'; readonly target: string }
    | { readonly type: 'hardlink'; readonly target: string }
    | { readonly type: 'char' | 'block'; readonly major: number; readonly minor: number }
    | { readonly type: 'fifo' }
  );

const replacedBy = (old: TreeEntry): Replaced => {
  const { type, source, part, layer, location } = old;
  return {
    type,
    source,
    part,
    layer,
    location,
    size: old.type === 'file' ? contentSize(old.content) : undefined,
  };
};

/** What stood at a path up to now, with what that had replaced. */
export const historyOf = (old: TreeEntry): readonly Replaced[] => [...(old.over ?? []), replacedBy(old)];

/**
 * An entry that takes the place of another; a directory that meets a directory replaces nothing.
 *
 * @param old what is at the path so far
 */
export const replacing = (entry: TreeEntry, old: TreeEntry | undefined): TreeEntry =>
  old === undefined || (old.type === 'directory' && entry.type === 'directory')
    ? entry
    : { ...entry, over: [...historyOf(old), ...(entry.over ?? [])] };

/** A file tree in memory; later entries replace earlier ones of the same path. */
export type Tree = Map<string, TreeEntry>;

/** Entries with every parent before its children, in an order that depends on the paths alone. */
export const sortedEntries = (tree: Tree): TreeEntry[] =>
  [...tree.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
