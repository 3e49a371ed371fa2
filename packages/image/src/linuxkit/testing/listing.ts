import { contentSize, readContent, sortedEntries, type Tree, type TreeEntry } from '@slipway/components';
import { GENERATED_MTIME } from '../generated.ts';

const TYPES = { d: 'directory', f: 'file', l: 'symlink', h: 'hardlink' } as const;
const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPES).map(([letter, type]) => [type, letter]),
);

/** Rows of a table without comments; `in DIR:` puts the rows after it below a directory. */
const rowsOf = (table: string): { readonly prefix: string; readonly row: string }[] => {
  let prefix = '';
  return table.split('\n').flatMap((line) => {
    const row = line.replace(/(?:^|\s+)#.*$/, '').trim();
    const directory = /^in (.*):$/.exec(row)?.[1];
    if (directory !== undefined) prefix = directory === '.' ? '' : `${directory}/`;
    return row === '' || directory !== undefined ? [] : [{ prefix, row }];
  });
};

/**
 * Reads a table of files, one a line: `TYPE MODE UID:GID MTIME PATH`, then text in quotes for a file (`f`), `-> TARGET` for a symlink
 * (`l`) and `=> TARGET` for a hard link (`h`).
 */
export const treeOf = (table: string): Tree => {
  const tree: Tree = new Map();
  for (const { row } of rowsOf(table)) {
    const parts = /^([dflh]) (\d+) (\d+):(\d+) (\d+) (\S+)(?: "(.*)"| [-=]> (\S+))?$/.exec(row);
    if (parts === null) throw new TypeError(`no row of a table of files: ${row}`);
    const [, letter, mode = '', uid, gid, mtime, path = '', text = '', target = ''] = parts;
    const common = {
      path,
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
      mtime: Number(mtime),
      source: 'image',
    };
    const entry: TreeEntry =
      letter === 'd'
        ? { ...common, type: 'directory' }
        : letter === 'f'
          ? { ...common, type: 'file', content: new TextEncoder().encode(text) }
          : { ...common, type: letter === 'l' ? 'symlink' : 'hardlink', target };
    tree.set(path, entry);
  }
  return tree;
};

const sizeOf = (entry: Extract<TreeEntry, { type: 'file' }>): string =>
  /\/(?:config|runtime)\.json$/.test(entry.path) ? '*' : String(contentSize(entry.content));

/**
 * The listing of a tree: as the tables above, but with the size of files instead of their text, `*` for those that tests
 * parse, and `K` for LinuxKit's own time.
 */
export const listingOf = (tree: Tree): string[] =>
  sortedEntries(tree).map((entry) => {
    const mtime = entry.mtime === GENERATED_MTIME ? 'K' : String(entry.mtime);
    const head = `${LETTERS.get(entry.type) ?? entry.type} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${mtime} ${entry.path}`;
    if (entry.type === 'file') return `${head} ${sizeOf(entry)}`;
    if (entry.type === 'symlink') return `${head} -> ${entry.target}`;
    return entry.type === 'hardlink' ? `${head} => ${entry.target}` : head;
  });

/** Rows of an expected listing, in the order of `listingOf`. */
export const expectedListing = (table: string): string[] => {
  const paths = rowsOf(table).map(({ prefix, row }) => {
    const [type, mode, owner, mtime, path, ...rest] = row.split(' ');
    const isHardLink = type === 'h' && rest.length === 2;
    const link = isHardLink ? [rest[0], `${prefix}${rest[1]}`] : rest;
    return {
      path: `${prefix}${path}`,
      row: [type, mode, owner, mtime, `${prefix}${path}`, ...link].join(' '),
    };
  });
  return paths.sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ row }) => row);
};

/** The text of a file of a tree. */
export const textAt = (tree: Tree, path: string): string => {
  const entry = tree.get(path);
  if (entry?.type !== 'file')
    throw new TypeError(`no file: ${path}; there are ${[...tree.keys()].join(', ')}`);
  return Buffer.from(readContent(entry.content)).toString();
};
