import { contentSize } from './content.ts';
import { createHeaderSlab } from './header-slab.ts';
import { chunksOf, type Piece } from './pieces.ts';
import { sortedEntries, type Tree, type TreeEntry } from './tree.ts';

const BLOCK = 512;
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const MAX_OCTAL_ID = 8 ** 7 - 1;
const ZEROS = new Uint8Array(BLOCK);

const TYPE_FLAG = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const;

/** One for each length, because there is one behind every file. */
const PADDINGS: readonly Uint8Array[] = Array.from({ length: BLOCK }, (_, length) =>
  ZEROS.subarray(0, length),
);

const padding = (size: number): Uint8Array => PADDINGS[(BLOCK - (size % BLOCK)) % BLOCK] ?? ZEROS;

/** `<length> <key>=<value>\n`, where the length counts itself. Values may be any bytes. */
export const encodePaxRecord = (key: string, value: Uint8Array): Uint8Array => {
  const body = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
};

type Header = {
  readonly name: string;
  readonly typeFlag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkName?: string;
  readonly major?: number;
  readonly minor?: number;
};

/** Digits from the right, without a text between: there are many headers. */
const octal = (block: Buffer, offset: number, length: number, value: number): void => {
  let rest = value;
  for (let at = offset + length - 2; at >= offset; at--) {
    block[at] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
};

const newBlock = createHeaderSlab();

const encodeHeader = (header: Header): Uint8Array => {
  const block = newBlock(BLOCK);
  block.write(header.name, 0, 100, 'utf8');
  octal(block, 100, 8, header.mode & 0o7777);
  octal(block, 108, 8, Math.min(header.uid, MAX_OCTAL_ID));
  octal(block, 116, 8, Math.min(header.gid, MAX_OCTAL_ID));
  octal(block, 124, 12, Math.min(header.size, MAX_OCTAL_SIZE));
  octal(block, 136, 12, Math.min(Math.max(0, header.mtime), MAX_OCTAL_SIZE));
  block.write('        ', 148, 8, 'latin1');
  block.write(header.typeFlag, 156, 1, 'latin1');
  if (header.linkName !== undefined) block.write(header.linkName, 157, 100, 'utf8');
  block.write('ustar\u000000', 257, 8, 'latin1');
  if (header.major !== undefined && header.minor !== undefined) {
    octal(block, 329, 8, header.major);
    octal(block, 337, 8, header.minor);
  }
  let sum = 0;
  for (let index = 0; index < BLOCK; index++) sum += block[index] ?? 0;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
};

// eslint-disable-next-line no-control-regex -- exactly what a ustar name may hold
const ASCII = /^[\x20-\x7e]*$/;
const fits = (text: string, max: number): boolean => text.length <= max && ASCII.test(text);

const record = (key: string, value: string): Uint8Array => encodePaxRecord(key, Buffer.from(value));

/** What ustar has no room for. */
const ownRecords = (entry: TreeEntry, name: string, size: number): Uint8Array[] => {
  const records: Uint8Array[] = [];
  if (!fits(name, 100)) records.push(record('path', name));
  if ((entry.type === 'symlink' || entry.type === 'hardlink') && !fits(entry.target, 100))
    records.push(record('linkpath', entry.target));
  if (size > MAX_OCTAL_SIZE) records.push(record('size', String(size)));
  if (entry.mtime > MAX_OCTAL_SIZE) records.push(record('mtime', String(entry.mtime)));
  if (entry.uid > MAX_OCTAL_ID) records.push(record('uid', String(entry.uid)));
  if (entry.gid > MAX_OCTAL_ID) records.push(record('gid', String(entry.gid)));
  if (entry.xattrs !== undefined)
    for (const [key, value] of [...entry.xattrs].sort(([a], [b]) => (a < b ? -1 : 1)))
      records.push(encodePaxRecord(`SCHILY.xattr.${key}`, value));
  return records;
};

export type TarOptions = {
  /** records that tell where each entry is from, as LinuxKit writes them; default false */
  readonly withOrigins?: boolean;
};

const originRecords = (entry: TreeEntry): Uint8Array[] => [
  ...(entry.location === undefined ? [] : [record('LINUXKIT.location', entry.location)]),
  record('LINUXKIT.source', entry.source),
];

const paxEntry = (records: readonly Uint8Array[]): Uint8Array => {
  const data = Buffer.concat(records);
  // The time of a header counts for nothing; with a fixed one, entries of one origin share it.
  const header = { name: 'PaxHeader', typeFlag: 'x', mode: 0o644, uid: 0, gid: 0, mtime: 0 };
  return Buffer.concat([encodeHeader({ ...header, size: data.length }), data, padding(data.length)]);
};

/**
 * A tar in pieces: ustar with PAX records for what ustar cannot hold (long names, extended attributes with binary
 * values, as `SCHILY.xattr.*`). The same entries give the same bytes.
 *
 * @param entries parents before children, hard links after their targets
 */
export const tarPieces = function* (
  entries: Iterable<TreeEntry>,
  { withOrigins = false }: TarOptions = {},
): Generator<Piece> {
  const known = new Map<string, { records: Uint8Array[]; entry: Uint8Array }>();
  for (const entry of entries) {
    const name = entry.type === 'directory' ? `${entry.path}/` : entry.path;
    const size = entry.type === 'file' ? contentSize(entry.content) : 0;
    const own = ownRecords(entry, name, size);
    if (withOrigins) {
      const key = `${entry.source}\n${entry.location ?? ''}`;
      let origin = known.get(key);
      if (origin === undefined) {
        const records = originRecords(entry);
        origin = { records, entry: paxEntry(records) };
        known.set(key, origin);
      }
      yield own.length === 0 ? origin.entry : paxEntry([...origin.records, ...own]);
    } else if (own.length > 0) yield paxEntry(own);
    yield encodeHeader({
      name,
      typeFlag: TYPE_FLAG[entry.type],
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      size,
      mtime: entry.mtime,
      ...(entry.type === 'symlink' || entry.type === 'hardlink' ? { linkName: entry.target } : {}),
      ...(entry.type === 'char' || entry.type === 'block' ? { major: entry.major, minor: entry.minor } : {}),
    });
    if (entry.type === 'file' && size > 0) {
      yield entry.content;
      yield padding(size);
    }
  }
  yield ZEROS;
  yield ZEROS;
};

/** Hard links after everything else, so that their targets exist when they are made. */
export const archiveOrder = (tree: Tree): TreeEntry[] => {
  const entries = sortedEntries(tree);
  return [
    ...entries.filter(({ type }) => type !== 'hardlink'),
    ...entries.filter(({ type }) => type === 'hardlink'),
  ];
};

/**
 * A tar of the tree, in chunks for a stream.
 *
 * @param source entries given as a list keep their order: parents before children, hard links after their targets
 */
export const encodeTar = (source: Tree | readonly TreeEntry[]): Iterable<Uint8Array> =>
  chunksOf(tarPieces(source instanceof Map ? archiveOrder(source) : source));
