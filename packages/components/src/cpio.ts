import { sortedEntries, type Tree, type TreeEntry } from './tree.ts';

const encoder = new TextEncoder();

const FORMAT_BITS = {
  file: 0o100000,
  hardlink: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
} as const;

const align4 = (size: number): number => (size + 3) & ~3;

type Record = {
  readonly name: string;
  readonly ino: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly data: Uint8Array;
  readonly major: number;
  readonly minor: number;
};

const encodeRecord = (record: Record): Uint8Array[] => {
  const name = encoder.encode(`${record.name}\0`);
  const fields = [
    record.ino,
    record.mode,
    record.uid,
    record.gid,
    record.links,
    record.mtime,
    record.data.length,
    0,
    0,
    record.major,
    record.minor,
    name.length,
    0,
  ];
  const header = `070701${fields.map((value) => value.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
  const head = Buffer.alloc(align4(header.length + name.length));
  head.write(header, 'ascii');
  head.set(name, header.length);
  const body = new Uint8Array(align4(record.data.length));
  body.set(record.data);
  return [head, body];
};

const dataOf = (entry: TreeEntry): Uint8Array =>
  entry.type === 'file'
    ? entry.content
    : entry.type === 'symlink'
      ? encoder.encode(entry.target)
      : new Uint8Array();

/**
 * A newc cpio archive, as the kernel unpacks for its initramfs. Hard links share an inode and carry the data with the
 * last of them, as the kernel expects. Extended attributes have no place in it and are left out. The same tree gives
 * the same bytes.
 */
export const encodeCpio = (tree: Tree): Uint8Array => {
  const entries = sortedEntries(tree);
  const groups = new Map<string, TreeEntry[]>();
  for (const entry of entries) {
    const key = entry.type === 'hardlink' ? entry.target : entry.path;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const inodes = new Map([...groups.keys()].map((key, index) => [key, index + 1]));
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const key = entry.type === 'hardlink' ? entry.target : entry.path;
    const group = groups.get(key) ?? [entry];
    const original = tree.get(key) ?? entry;
    const isLast = group.at(-1) === entry;
    const device = entry.type === 'char' || entry.type === 'block';
    parts.push(
      ...encodeRecord({
        name: entry.path,
        ino: inodes.get(key) ?? 0,
        mode: FORMAT_BITS[original.type] | (original.mode & 0o7777),
        uid: original.uid,
        gid: original.gid,
        links: original.type === 'directory' ? 2 : group.length,
        mtime: Math.max(0, original.mtime),
        data: isLast ? dataOf(original) : new Uint8Array(),
        major: device ? entry.major : 0,
        minor: device ? entry.minor : 0,
      }),
    );
  }
  parts.push(
    ...encodeRecord({
      name: 'TRAILER!!!',
      ino: 0,
      mode: 0,
      uid: 0,
      gid: 0,
      links: 1,
      mtime: 0,
      data: new Uint8Array(),
      major: 0,
      minor: 0,
    }),
  );
  const archive = Buffer.concat(parts);
  return Buffer.concat([archive, new Uint8Array((512 - (archive.length % 512)) % 512)]);
};
