import type { Content } from './content.ts';

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
  /** the component it came from, such as `deb:crun@1.21-1` */
  readonly source: string;
  /** where the image file asks for it, such as `services[1]`; goes into tars beside `source` */
  readonly location?: string;
} & (
  | { readonly type: 'file'; readonly content: Content }
  | { readonly type: 'directory' }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'hardlink'; readonly target: string }
  | { readonly type: 'char' | 'block'; readonly major: number; readonly minor: number }
  | { readonly type: 'fifo' }
);

/** A file tree in memory; later entries replace earlier ones of the same path. */
export type Tree = Map<string, TreeEntry>;

/** Entries with every parent before its children, in an order that depends on the paths alone. */
export const sortedEntries = (tree: Tree): TreeEntry[] =>
  [...tree.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
