import { z } from 'zod';
import { type Content } from './content.ts';
import { storedContent, type TarEntry } from './tar-reader.ts';
import type { TarData, TarHeader } from './tar-parser.ts';

/** What the store remembers of a layer beside its tar: every header, and where the data lies. */
const TYPES = ['file', 'hardlink', 'symlink', 'char', 'block', 'directory', 'fifo'] as const;

/** name, type, mode, uid, gid, mtime, link, offset, stored, then what few entries have */
const Row = z.tuple([
  z.string(),
  z.int(),
  z.int(),
  z.int(),
  z.int(),
  z.int(),
  z.string(),
  z.int(),
  z.int(),
  z.strictObject({
    x: z.array(z.tuple([z.string(), z.base64()])).optional(),
    d: z.tuple([z.int(), z.int()]).optional(),
    s: z.strictObject({ size: z.int(), runs: z.array(z.tuple([z.int(), z.int()])) }).optional(),
  }),
]);
type Row = z.infer<typeof Row>;

export const encodeRow = (header: TarHeader, { offset, stored, sparse }: TarData): Row => [
  header.name,
  TYPES.indexOf(header.type),
  header.mode,
  header.uid,
  header.gid,
  header.mtime,
  header.linkName,
  offset,
  stored,
  {
    ...(header.xattrs.size === 0
      ? {}
      : {
          x: [...header.xattrs].map(
            ([key, value]) => [key, Buffer.from(value).toString('base64')] as [string, string],
          ),
        }),
    ...(header.major === 0 && header.minor === 0 ? {} : { d: [header.major, header.minor] }),
    ...(sparse === undefined
      ? {}
      : {
          s: {
            size: sparse.size,
            runs: sparse.runs.map(({ at, length }) => [at, length] as [number, number]),
          },
        }),
  },
];

const EMPTY = new Uint8Array();
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

const decodeRow = (row: Row, file: string): TarEntry => {
  const [name, typeNumber, mode, uid, gid, mtime, linkName, offset, stored, { x, d, s }] = row;
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

const Index = z.strictObject({ v: z.literal(1), size: z.int().min(0), rows: z.array(z.unknown()) });

/** @param size of the tar, bytes: a tar of another size is not the one that was indexed */
export const encodeIndex = (rows: readonly Row[], size: number): string =>
  JSON.stringify({ v: 1, size, rows });

/**
 * @param file the tar that the entries lie in
 * @returns undefined if it is not an index that this version writes
 */
export const decodeIndex = (
  text: string,
  file: string,
): { readonly size: number; readonly entries: TarEntry[] } | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const index = Index.safeParse(value);
  if (!index.success) return undefined;
  const rows = z.array(Row).safeParse(index.data.rows);
  return rows.success
    ? { size: index.data.size, entries: rows.data.map((row) => decodeRow(row, file)) }
    : undefined;
};
