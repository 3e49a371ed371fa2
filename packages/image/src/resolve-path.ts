import { posix } from 'node:path';
import { readContent, type Tree, type TreeEntry } from '@slipway/components';

const MAX_LINKS = 40;

/**
 * Follows a path through the symbolic links of a tree, as a kernel would with the tree as its root.
 *
 * @param onLink is told every link on the way
 * @returns the path of the entry meant, which need not exist; undefined if links run in circles
 */
export const resolvePath = (
  tree: Tree,
  path: string,
  onLink?: (path: string) => void,
): string | undefined => {
  let pending = path.split('/');
  let resolved: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const [part, ...rest] = pending;
    pending = rest;
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      resolved = resolved.slice(0, -1);
      continue;
    }
    const entry = tree.get([...resolved, part].join('/'));
    if (entry?.type !== 'symlink') {
      resolved = [...resolved, part];
      continue;
    }
    onLink?.(entry.path);
    links += 1;
    if (links > MAX_LINKS) return undefined;
    if (posix.isAbsolute(entry.target)) resolved = [];
    pending = [...entry.target.split('/'), ...pending];
  }
  return resolved.join('/');
};

/** The file at a path, links followed, hard links too. */
export const fileAt = (tree: Tree, path: string): Extract<TreeEntry, { type: 'file' }> | undefined => {
  const resolved = resolvePath(tree, path);
  const entry = resolved === undefined ? undefined : tree.get(resolved);
  if (entry?.type === 'hardlink') return fileAt(tree, entry.target);
  return entry?.type === 'file' ? entry : undefined;
};

/** The bytes of the file at a path. */
export const bytesAt = (tree: Tree, path: string): Uint8Array | undefined => {
  const file = fileAt(tree, path);
  return file === undefined ? undefined : readContent(file.content);
};

/** The text of the file at a path; empty if there is none. */
export const textAt = (tree: Tree, path: string): string =>
  new TextDecoder().decode(bytesAt(tree, path) ?? new Uint8Array());
