import { decimal, malformed, number, text, unsafe } from './tar-header.ts';

/** One run of data of a sparse file: where it belongs, and how long it is. In the archive the runs lie back to back. */
export type SparseRun = { readonly at: number; readonly length: number };
export type SparseMap = { readonly size: number; readonly runs: readonly SparseRun[] };

const MAX_RUNS = 1_000_000;

/** @throws {SlipwayError} LAYER_UNSAFE if runs overlap, lie beyond the end or do not add up to the data there is */
export const checkSparse = (map: SparseMap, stored: number, source: string): SparseMap => {
  let end = 0;
  let total = 0;
  for (const { at, length } of map.runs) {
    if (at < end || at + length > map.size) unsafe(source, 'the map of a sparse file is out of order');
    end = at + length;
    total += length;
  }
  if (total !== stored) unsafe(source, `the map of a sparse file tells ${total} bytes, stored are ${stored}`);
  return { size: map.size, runs: map.runs.filter(({ length }) => length > 0) };
};

/** Pairs of offset and length at the start of a header of the old GNU format. */
const oldGnuPairs = (bytes: Uint8Array, count: number, source: string): SparseRun[] =>
  Array.from({ length: count }, (_, index) => ({
    at: number(bytes.subarray(index * 24, index * 24 + 12), source),
    length: number(bytes.subarray(index * 24 + 12, index * 24 + 24), source),
  })).filter(({ at, length }) => at !== 0 || length !== 0);

/** Type `S`: four runs in the header, more in blocks that follow. */
export const oldGnuHeader = (header: Uint8Array, source: string) => ({
  runs: oldGnuPairs(header.subarray(386, 482), 4, source),
  hasMore: header[482] === 1,
  size: number(header.subarray(483, 495), source),
});
export const oldGnuExtension = (block: Uint8Array, source: string) => ({
  runs: oldGnuPairs(block, 21, source),
  hasMore: block[504] === 1,
});

type Records = readonly (readonly [string, Uint8Array])[];

const pairs = (numbers: readonly number[], source: string): SparseRun[] => {
  if (numbers.length % 2 !== 0 || numbers.length / 2 > MAX_RUNS)
    malformed(source, 'the map of a sparse file is cut off');
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    at: numbers[index * 2] ?? 0,
    length: numbers[index * 2 + 1] ?? 0,
  }));
};

/**
 * The map that PAX records give: formats 0.0 and 0.1 of GNU tar.
 *
 * @returns `name` if the records carry the real one; `map` undefined for format 1.0, where the map leads the data
 */
export const paxSparse = (
  records: Records,
  source: string,
): { name: string | undefined; size: number; map: SparseRun[] | undefined } | undefined => {
  const values = new Map(records);
  if (![...values.keys()].some((key) => key.startsWith('GNU.sparse.'))) return undefined;
  const get = (key: string): number | undefined => {
    const value = values.get(`GNU.sparse.${key}`);
    return value === undefined ? undefined : decimal(value, `GNU.sparse.${key}`, source);
  };
  const named = values.get('GNU.sparse.name');
  const name = named === undefined ? undefined : text(named, source);
  if (get('major') === 1) {
    if ((get('minor') ?? 0) !== 0) malformed(source, 'an unknown format of sparse files');
    return { name, size: get('realsize') ?? malformed(source, 'a sparse file without size'), map: undefined };
  }
  const size = get('size') ?? get('realsize') ?? malformed(source, 'a sparse file without size');
  const list = values.get('GNU.sparse.map');
  const numbers =
    list === undefined
      ? records
          .filter(([key]) => key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
          .map(([key, value]) => decimal(value, key, source))
      : text(list, source)
          .split(',')
          .filter((part) => part !== '')
          .map((part) => decimal(new TextEncoder().encode(part), 'GNU.sparse.map', source));
  return { name, size, map: pairs(numbers, source) };
};

/**
 * Reads the map that leads the data in format 1.0: decimal lines, padded to whole blocks.
 *
 * @param blocks what has been read of the data so far, whole blocks
 * @returns undefined if more blocks are needed
 */
export const leadingMap = (blocks: Uint8Array, source: string): SparseRun[] | undefined => {
  const numbers: number[] = [];
  let offset = 0;
  const next = (): number | undefined => {
    const end = blocks.indexOf(0x0a, offset);
    if (end === -1) return undefined;
    const value = decimal(blocks.subarray(offset, end), 'sparse map', source);
    offset = end + 1;
    return value;
  };
  const count = next();
  if (count === undefined) return undefined;
  if (count > MAX_RUNS) unsafe(source, `a sparse file of ${count} runs`);
  while (numbers.length < count * 2) {
    const value = next();
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  return pairs(numbers, source);
};
