import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { type Content } from './content.ts';
import { storedContent, type TarEntry } from './tar-reader.ts';
import type { TarData, TarHeader } from './tar-parser.ts';

/** What the store remembers of a layer beside its tar: every header, and where the data lies. */
const TYPES = ['file', 'hardlink', 'symlink', 'char', 'block', 'directory', 'fifo'] as const;

/** What few entries have: extended attributes, device numbers, the map of a sparse file. */
const Rare = z.strictObject({
  x: z.array(z.tuple([z.string(), z.base64()])).optional(),
  d: z.tuple([z.int(), z.int()]).optional(),
  s: z.strictObject({ size: z.int(), runs: z.array(z.tuple([z.int(), z.int()])) }).optional(),
});
type Rare = z.infer<typeof Rare>;

/** name, type, mode, uid, gid, mtime, link, offset, stored, and what few entries have */
type Row = [string, number, number, number, number, number, string, number, number, Rare?];

/** By hand, because there are many rows and each program start reads them all. */
const isRow = (row: unknown): row is Row =>
  Array.isArray(row) &&
  (row.length === 9 || (row.length === 10 && Rare.safeParse(row[9]).success)) &&
  typeof row[0] === 'string' &&
  typeof row[6] === 'string' &&
  Number.isInteger(row[1]) &&
  Number.isInteger(row[2]) &&
  Number.isInteger(row[3]) &&
  Number.isInteger(row[4]) &&
  Number.isInteger(row[5]) &&
  Number.isInteger(row[7]) &&
  Number.isInteger(row[8]);

const rareOf = (header: TarHeader, sparse: TarData['sparse']): Rare | undefined => {
  const hasDevice = header.major !== 0 || header.minor !== 0;
  if (header.xattrs.size === 0 && !hasDevice && sparse === undefined) return undefined;
  return {
    ...(header.xattrs.size === 0
      ? {}
      : { x: [...header.xattrs].map(([key, value]) => [key, Buffer.from(value).toString('base64')]) }),
    ...(hasDevice ? { d: [header.major, header.minor] } : {}),
    ...(sparse === undefined
      ? {}
      : { s: { size: sparse.size, runs: sparse.runs.map(({ at, length }) => [at, length]) } }),
  };
};

export const encodeRow = (header: TarHeader, { offset, stored, sparse }: TarData): Row => {
  const rare = rareOf(header, sparse);
  const row: Row = [
    header.name,
    TYPES.indexOf(header.type),
    header.mode,
    header.uid,
    header.gid,
    header.mtime,
    header.linkName,
    offset,
    stored,
  ];
  if (rare !== undefined) row.push(rare);
  return row;
};

const EMPTY = new Uint8Array();
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

const decodeRow = (row: Row, file: string): TarEntry => {
  const [name, typeNumber, mode, uid, gid, mtime, linkName, offset, stored, rare] = row;
  const { x, d, s } = rare ?? {};
  const type = TYPES[typeNumber] ?? 'file';
  const sparse =
    s === undefined ? undefined : { size: s.size, runs: s.runs.map(([at, length]) => ({ at, length })) };
  const content: Content =
    type === 'file'
      ? storedContent(file, { offset, stored, ...(sparse === undefined ? {} : { sparse }) })
      : EMPTY;
  return {
    name,
    type,
    mode,
    uid,
    gid,
    mtime,
    linkName,
    major: d?.[0] ?? 0,
    minor: d?.[1] ?? 0,
    xattrs:
      x === undefined ? NO_XATTRS : new Map(x.map(([key, value]) => [key, Buffer.from(value, 'base64')])),
    content,
  };
};

/** Its first line; the rest is the rows. */
const Head = z.strictObject({ v: z.literal(3), size: z.int().min(0), sum: z.int() });

/** @param size of the tar, bytes: a tar of another size is not the one that was indexed */
export const encodeIndex = (rows: readonly Row[], size: number): string => {
  const text = JSON.stringify(rows);
  return `${JSON.stringify({ v: 3, size, sum: crc32(text) })}\n${text}`;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * @param file the tar that the entries lie in
 * @returns undefined if it is not an index that this version writes, or one that was damaged
 */
export const decodeIndex = (
  bytes: Uint8Array,
  file: string,
): { readonly size: number; readonly entries: TarEntry[] } | undefined => {
  const end = bytes.indexOf(0x0a);
  const rest = bytes.subarray(end + 1);
  const head = Head.safeParse(parsed(Buffer.from(bytes.subarray(0, Math.max(end, 0))).toString()));
  // A digit that turned into another would be a file of other bytes.
  if (!head.success || head.data.sum !== crc32(rest)) return undefined;
  const rows = parsed(Buffer.from(rest.buffer, rest.byteOffset, rest.length).toString());
  if (!Array.isArray(rows)) return undefined;
  const entries: TarEntry[] = [];
  for (const row of rows as unknown[]) {
    if (!isRow(row)) return undefined;
    entries.push(decodeRow(row, file));
  }
  return { size: head.data.size, entries };
};
