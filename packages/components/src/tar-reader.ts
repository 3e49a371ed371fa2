import type { Content } from './content.ts';
import { unsafe } from './tar-header.ts';
import type { SparseMap } from './tar-sparse.ts';
import { createTarParser, type TarData, type TarHeader } from './tar-parser.ts';

export { decodePaxRecords } from './tar-header.ts';

export type TarEntry = TarHeader & {
  /** of a file; empty for everything else */
  readonly content: Content;
};

const EMPTY = new Uint8Array();

/** Sparse files that a small archive claims are not made in memory. */
const MAX_SPARSE_BYTES = 256 * 1024 * 1024;

const unpackSparse = (packed: Uint8Array, { size, runs }: SparseMap, source: string): Uint8Array => {
  if (size > MAX_SPARSE_BYTES) unsafe(source, `a sparse file of ${size} bytes is too large`);
  const content = new Uint8Array(size);
  let from = 0;
  for (const { at, length } of runs) {
    content.set(packed.subarray(from, from + length), at);
    from += length;
  }
  return content;
};

/** The content of an entry as a range of the file that holds the archive. */
export const storedContent = (file: string, { offset, stored, sparse }: TarData): Content => {
  if (sparse === undefined) return stored === 0 ? EMPTY : { file, offset, size: stored };
  let next = offset;
  const extents = sparse.runs.map(({ at, length }) => {
    const extent = { at, offset: next, length };
    next += length;
    return extent;
  });
  return { file, offset, size: sparse.size, extents };
};

/**
 * Reads a tar held in memory; contents are views into it. For archives of any size there is the layer store.
 *
 * @param source named in errors
 * @throws {SlipwayError} COMPONENT_INVALID, LAYER_UNSAFE for negative or contradictory sizes
 */
export const decodeTar = (archive: Uint8Array, source: string): TarEntry[] => {
  // Views of a Buffer would be Buffers.
  const bytes = new Uint8Array(archive.buffer, archive.byteOffset, archive.length);
  const entries: TarEntry[] = [];
  const parser = createTarParser(source, (header, data) => {
    const packed = bytes.subarray(data.offset, data.offset + data.stored);
    const isWhole = packed.length === data.stored;
    const content =
      header.type !== 'file' || !isWhole
        ? EMPTY
        : data.sparse === undefined
          ? packed
          : unpackSparse(packed, data.sparse, source);
    entries.push({ ...header, content });
  });
  parser.push(bytes);
  parser.end();
  return entries;
};
