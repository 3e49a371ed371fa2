import { createHash } from 'node:crypto';
import { contentSize } from './content.ts';
import { createHeaderSlab } from './header-slab.ts';
import { chunksOf, type Piece } from './pieces.ts';
import { sortedEntries, type Tree, type TreeEntry } from './tree.ts';

const FORMAT_BITS = {
  file: 0o100000,
  hardlink: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
} as const;

const HEADER_BYTES = 110;
const PAD = new Uint8Array(4);
const padding = (size: number): Uint8Array => PAD.subarray(0, (4 - (size % 4)) % 4);

type Identity = { readonly ino: number; readonly devMajor: number; readonly devMinor: number };

type Header = Identity & {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
};

const NONE: Identity = { ino: 0, devMajor: 0, devMinor: 0 };

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

const newBlock = createHeaderSlab();

const encodeHeader = (header: Header): Uint8Array => {
  const nameBytes = Buffer.byteLength(header.name) + 1;
  const block = newBlock(HEADER_BYTES + nameBytes + ((4 - ((HEADER_BYTES + nameBytes) % 4)) % 4));
  block.write(
    `070701${hex(header.ino)}${hex(header.mode)}${hex(header.uid)}${hex(header.gid)}${hex(header.links)}` +
      `${hex(header.mtime)}${hex(header.size)}${hex(header.devMajor)}${hex(header.devMinor)}` +
      `${hex(header.major)}${hex(header.minor)}${hex(nameBytes)}00000000`,
    0,
    'latin1',
  );
  block.write(header.name, HEADER_BYTES, 'utf8');
  return block;
};

/**
 * Names of one file share a number. It comes from the path of the first of them, and not from a count, so that what one
 * part of an archive looks like does not depend on the others.
 */
const identityOf = (path: string): Identity => {
  const digest = createHash('sha256').update(path).digest();
  return {
    ino: digest.readUInt32BE(0) >>> 1,
    devMajor: digest.readUInt16BE(4) >>> 4,
    devMinor: digest.readUInt32BE(8) >>> 12,
  };
};

/** The last second that the format can tell, in 2106. */
const MAX_TIME = 0xffff_ffff;

/** The largest file that the format can hold. */
export const MAX_CPIO_FILE_BYTES = 0xffff_ffff;

/**
 * The entries of a newc cpio archive, in pieces, without its end. Hard links share a number and carry the data with the
 * last of them, as the kernel expects. Extended attributes have no place in it and are left out.
 *
 * @returns one list of pieces per entry, in the order of the entries given
 */
export const cpioEntries = function* (
  entries: readonly TreeEntry[],
): Generator<{ readonly entry: TreeEntry; readonly pieces: readonly Piece[] }> {
  const groups = new Map<string, { readonly identity: Identity; count: number; left: number }>();
  const originals = new Map<string, TreeEntry>();
  for (const entry of entries) {
    if (entry.type !== 'hardlink') continue;
    const group = groups.get(entry.target) ?? { identity: identityOf(entry.target), count: 1, left: 1 };
    group.count += 1;
    group.left += 1;
    groups.set(entry.target, group);
  }
  if (groups.size > 0)
    for (const entry of entries) if (groups.has(entry.path)) originals.set(entry.path, entry);
  for (const entry of entries) {
    const key = entry.type === 'hardlink' ? entry.target : entry.path;
    const group = groups.get(key);
    const original = entry.type === 'hardlink' ? (originals.get(key) ?? entry) : entry;
    if (group !== undefined) group.left -= 1;
    const hasData = group === undefined || group.left === 0;
    const data: Piece =
      original.type === 'symlink'
        ? Buffer.from(original.target)
        : original.type === 'file' && hasData
          ? original.content
          : PAD.subarray(0, 0);
    const size = contentSize(data);
    const device = entry.type === 'char' || entry.type === 'block';
    const header = encodeHeader({
      ...(group?.identity ?? NONE),
      name: entry.path,
      mode: FORMAT_BITS[original.type] | (original.mode & 0o7777),
      uid: original.uid,
      gid: original.gid,
      links: original.type === 'directory' ? 2 : (group?.count ?? 1),
      // What lies outside is told as the nearest time there is.
      mtime: Math.min(Math.max(0, original.mtime), MAX_TIME),
      size,
      major: device ? entry.major : 0,
      minor: device ? entry.minor : 0,
    });
    yield { entry, pieces: size === 0 ? [header] : [header, data, padding(size)] };
  }
};

/** What ends an archive; the whole is then padded to 512 bytes. */
export const CPIO_TRAILER: Uint8Array = encodeHeader({
  ...NONE,
  name: 'TRAILER!!!',
  mode: 0,
  uid: 0,
  gid: 0,
  links: 1,
  mtime: 0,
  size: 0,
  major: 0,
  minor: 0,
});

/** A newc cpio archive in memory, as the kernel unpacks for its initramfs. The same tree gives the same bytes. */
export const encodeCpio = (tree: Tree): Uint8Array => {
  const pieces = [...cpioEntries(sortedEntries(tree))].flatMap((one) => one.pieces);
  const archive = Buffer.concat([...chunksOf([...pieces, CPIO_TRAILER])]);
  return Buffer.concat([archive, new Uint8Array((512 - (archive.length % 512)) % 512)]);
};
