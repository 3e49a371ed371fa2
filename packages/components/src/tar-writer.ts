import { sortedEntries, type Tree, type TreeEntry } from './tree.ts';

const BLOCK = 512;
const encoder = new TextEncoder();
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const MAX_OCTAL_ID = 8 ** 7 - 1;

const TYPE_FLAG = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const;

const padding = (size: number): Uint8Array => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

const concat = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

/** `<length> <key>=<value>\n`, where the length counts itself. Values may be any bytes. */
export const encodePaxRecord = (key: string, value: Uint8Array): Uint8Array => {
  const body = concat([encoder.encode(` ${key}=`), value, encoder.encode('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return concat([encoder.encode(String(length)), body]);
};

const field = (block: Uint8Array, offset: number, length: number, value: string): void => {
  block.set(encoder.encode(value).subarray(0, length), offset);
};
const octal = (block: Uint8Array, offset: number, length: number, value: number): void => {
  field(block, offset, length, value.toString(8).padStart(length - 1, '0'));
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

const encodeHeader = (header: Header): Uint8Array => {
  const block = new Uint8Array(BLOCK);
  field(block, 0, 100, header.name);
  octal(block, 100, 8, header.mode & 0o7777);
  octal(block, 108, 8, Math.min(header.uid, MAX_OCTAL_ID));
  octal(block, 116, 8, Math.min(header.gid, MAX_OCTAL_ID));
  octal(block, 124, 12, Math.min(header.size, MAX_OCTAL_SIZE));
  octal(block, 136, 12, Math.max(0, header.mtime));
  field(block, 148, 8, '        ');
  field(block, 156, 1, header.typeFlag);
  field(block, 157, 100, header.linkName ?? '');
  field(block, 257, 8, 'ustar\u000000');
  if (header.major !== undefined && header.minor !== undefined) {
    octal(block, 329, 8, header.major);
    octal(block, 337, 8, header.minor);
  }
  const sum = block.reduce((total, byte) => total + byte, 0);
  field(block, 148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
};

const ASCII = /^[\x20-\x7e]*$/;
const fits = (text: string, max: number): boolean => text.length <= max && ASCII.test(text);

const paxRecords = (entry: TreeEntry, name: string, size: number): Uint8Array => {
  const records: [string, Uint8Array][] = [];
  if (!fits(name, 100)) records.push(['path', encoder.encode(name)]);
  if ((entry.type === 'symlink' || entry.type === 'hardlink') && !fits(entry.target, 100))
    records.push(['linkpath', encoder.encode(entry.target)]);
  if (size > MAX_OCTAL_SIZE) records.push(['size', encoder.encode(String(size))]);
  if (entry.uid > MAX_OCTAL_ID) records.push(['uid', encoder.encode(String(entry.uid))]);
  if (entry.gid > MAX_OCTAL_ID) records.push(['gid', encoder.encode(String(entry.gid))]);
  for (const [key, value] of [...(entry.xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
    records.push([`SCHILY.xattr.${key}`, value]);
  return concat(records.map(([key, value]) => encodePaxRecord(key, value)));
};

const encodeEntry = function* (entry: TreeEntry): Generator<Uint8Array> {
  const name = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const size = entry.type === 'file' ? entry.content.length : 0;
  const pax = paxRecords(entry, name, size);
  if (pax.length > 0) {
    yield encodeHeader({
      name: 'PaxHeader',
      typeFlag: 'x',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: pax.length,
      mtime: entry.mtime,
    });
    yield pax;
    yield padding(pax.length);
  }
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
  if (entry.type === 'file') {
    yield entry.content;
    yield padding(size);
  }
};

/** Hard links after everything else, so that their targets exist when they are made. */
const archiveOrder = (tree: Tree): TreeEntry[] => {
  const entries = sortedEntries(tree);
  return [
    ...entries.filter(({ type }) => type !== 'hardlink'),
    ...entries.filter(({ type }) => type === 'hardlink'),
  ];
};

/**
 * A tar of the tree: ustar with PAX records for what ustar cannot hold (long names, extended attributes with binary
 * values, as `SCHILY.xattr.*`). The same tree gives the same bytes.
 *
 * @param source entries given as a list keep their order: parents before children, hard links after their targets
 */
export const encodeTar = async function* (source: Tree | readonly TreeEntry[]): AsyncIterable<Uint8Array> {
  const entries = source instanceof Map ? archiveOrder(source) : source;
  for (const entry of entries) yield* encodeEntry(entry);
  yield new Uint8Array(2 * BLOCK);
};
