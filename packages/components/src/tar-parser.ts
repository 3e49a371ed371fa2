import {
  BLOCK,
  checkSum,
  decimal,
  decodePaxList,
  headerName,
  malformed,
  number,
  sizeOf,
  text,
  unsafe,
  untilNul,
} from './tar-header.ts';
import {
  checkSparse,
  leadingMap,
  oldGnuExtension,
  oldGnuHeader,
  paxSparse,
  type SparseMap,
  type SparseRun,
} from './tar-sparse.ts';

const MAX_META_BYTES = 1024 * 1024;
const MAX_MAP_BYTES = 32 * 1024 * 1024;
/** Linux has no more: the one above means nobody in particular. */
const MAX_ID = 2 ** 32 - 2;
/** of Linux's device numbers: 12 bits and 20 */
const MAX_MAJOR = 2 ** 12 - 1;
const MAX_MINOR = 2 ** 20 - 1;
const XATTR_PREFIX = 'SCHILY.xattr.';

/** One entry of a tar as it stands there; names are not checked for safety yet. */
export type TarHeader = {
  readonly name: string;
  readonly type: 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
};

/** Where the data of an entry lies in the archive, bytes from its start. */
export type TarData = { readonly offset: number; readonly stored: number; readonly sparse?: SparseMap };

const TYPES: Readonly<Record<string, TarHeader['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

export type TarParser = {
  /** Takes the next bytes of the archive, however they are cut. */
  push(chunk: Uint8Array): void;
  /** The archive is over: complains if it was not. */
  end(): void;
};

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/**
 * Reads a tar as it comes: ustar, PAX with binary values, GNU long names, sparse files of all four kinds. Data is not
 * kept, only where it lies.
 *
 * @param source named in errors
 * @param onEntry called in order, when the header of an entry has been read
 * @throws {SlipwayError} COMPONENT_INVALID, LAYER_UNSAFE for negative or contradictory sizes
 */
export const createTarParser = (
  source: string,
  onEntry: (header: TarHeader, data: TarData) => void,
): TarParser => {
  /** of the first byte of what is pushed next */
  let position = 0;
  let skip = 0;
  let pending = new Uint8Array(0);
  /** what to do with the next `wanted` bytes */
  let wanted = BLOCK;
  let take: (bytes: Uint8Array) => void;
  let isOver = false;
  let globals: [string, Uint8Array][] = [];
  let locals: [string, Uint8Array][] = [];
  let longName: string | undefined;
  let longLink: string | undefined;

  const nextHeader = (skipBytes: number): void => {
    skip = skipBytes;
    wanted = BLOCK;
    take = onHeader;
  };
  const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

  const onMeta =
    (flag: string, size: number) =>
    (bytes: Uint8Array): void => {
      const data = bytes.subarray(0, size);
      if (flag === 'x') locals = decodePaxList(data, source);
      else if (flag === 'g') globals = [...globals, ...decodePaxList(data, source)];
      else if (flag === 'L') longName = text(untilNul(data), source);
      else longLink = text(untilNul(data), source);
      nextHeader(0);
    };

  const emit = (header: TarHeader, stored: number, sparse: SparseMap | undefined): void => {
    onEntry(header, {
      offset: position,
      stored,
      ...(sparse === undefined ? {} : { sparse: checkSparse(sparse, stored, source) }),
    });
    nextHeader(padded(stored));
  };

  /** The rest of the map of the old GNU format, block by block. */
  const readExtension = (header: TarHeader, stored: number, size: number, runs: SparseRun[]): void => {
    wanted = BLOCK;
    take = (block) => {
      const more = oldGnuExtension(block, source);
      const all = [...runs, ...more.runs];
      if (all.length * 24 > MAX_MAP_BYTES) unsafe(source, 'the map of a sparse file is too large');
      if (more.hasMore) readExtension(header, stored, size, all);
      else emit(header, stored, { size, runs: all });
    };
  };

  /** The map of format 1.0 is part of the data, at its start. */
  const readLeadingMap = (header: TarHeader, stored: number, size: number): void => {
    let blocks = new Uint8Array(0);
    const more = (): void => {
      if (blocks.length + BLOCK > stored) malformed(source, 'the map of a sparse file is cut off');
      if (blocks.length > MAX_MAP_BYTES) unsafe(source, 'the map of a sparse file is too large');
      wanted = BLOCK;
      take = (block) => {
        blocks = Buffer.concat([blocks, block]);
        const runs = leadingMap(blocks, source);
        if (runs === undefined) more();
        else emit(header, stored - blocks.length, { size, runs });
      };
    };
    more();
  };

  const onHeader = (header: Uint8Array): void => {
    if (header.every((byte) => byte === 0)) {
      isOver = true;
      return;
    }
    checkSum(header, source);
    const flag = String.fromCharCode(header[156] ?? 0);
    const declared = number(header.subarray(124, 136), source);
    if ('xgLK'.includes(flag)) {
      if (declared > MAX_META_BYTES) unsafe(source, `a header of ${declared} bytes is too large`);
      wanted = padded(declared);
      take = onMeta(flag, declared);
      if (wanted === 0) take(new Uint8Array(0));
      return;
    }
    const records = globals.length === 0 ? locals : [...globals, ...locals];
    const pax = new Map(records);
    const stored = sizeOf(declared, pax.get('size'), source);
    const known = TYPES[flag] ?? malformed(source, `unknown entry type ${JSON.stringify(flag)}`);
    const own = (key: string): string | undefined => {
      const value = pax.get(key);
      return value === undefined ? undefined : text(value, source);
    };
    const id = (key: string, from: number, to: number): number => {
      const value = pax.get(key);
      return value === undefined ? number(header.subarray(from, to), source) : decimal(value, key, source);
    };
    const sparse = records.length === 0 ? undefined : paxSparse(records, source);
    const name = sparse?.name ?? own('path') ?? longName ?? headerName(header, source);
    const type = known === 'file' && name.endsWith('/') ? 'directory' : known;
    const uid = id('uid', 108, 116);
    const gid = id('gid', 116, 124);
    if (uid > MAX_ID || gid > MAX_ID) unsafe(source, `an owner is above ${MAX_ID}: ${uid}:${gid}`);
    const isDevice = type === 'char' || type === 'block';
    const major = isDevice ? number(header.subarray(329, 337), source) : 0;
    const minor = isDevice ? number(header.subarray(337, 345), source) : 0;
    if (major > MAX_MAJOR || minor > MAX_MINOR) unsafe(source, `there is no device ${major}:${minor}`);
    const xattrs = records.filter(([key]) => key.startsWith(XATTR_PREFIX));
    const entry: TarHeader = {
      name,
      type,
      linkName: own('linkpath') ?? longLink ?? text(untilNul(header.subarray(157, 257)), source),
      mode: number(header.subarray(100, 108), source) & 0o7777,
      uid,
      gid,
      mtime: Math.max(0, id('mtime', 136, 148)),
      major,
      minor,
      xattrs:
        xattrs.length === 0
          ? NO_XATTRS
          : new Map(xattrs.map(([key, value]) => [key.slice(XATTR_PREFIX.length), value])),
    };
    locals = [];
    longName = undefined;
    longLink = undefined;
    if (flag === 'S') {
      const { runs, hasMore, size } = oldGnuHeader(header, source);
      if (hasMore) readExtension(entry, stored, size, runs);
      else emit(entry, stored, { size, runs });
    } else if (sparse === undefined) emit(entry, stored, undefined);
    else if (sparse.map === undefined) readLeadingMap(entry, stored, sparse.size);
    else emit(entry, stored, { size: sparse.size, runs: sparse.map });
  };
  take = onHeader;

  return {
    push(chunk) {
      let bytes = chunk;
      for (;;) {
        if (isOver) return;
        const skipped = Math.min(skip, bytes.length);
        skip -= skipped;
        position += skipped;
        if (skipped > 0) bytes = bytes.subarray(skipped);
        if (skip > 0) return;
        if (pending.length + bytes.length < wanted) {
          pending = pending.length === 0 ? bytes.slice() : Buffer.concat([pending, bytes]);
          position += bytes.length;
          return;
        }
        const missing = wanted - pending.length;
        const block =
          pending.length === 0
            ? bytes.subarray(0, wanted)
            : Buffer.concat([pending, bytes.subarray(0, missing)]);
        pending = new Uint8Array(0);
        bytes = bytes.subarray(missing);
        position += missing;
        take(block);
      }
    },
    end() {
      if (isOver) return;
      if (skip > 0 || pending.length > 0 || take !== onHeader)
        malformed(source, `it ends ${skip === 0 ? 'inside a header' : `${skip} bytes before an entry does`}`);
      malformed(source, 'it ends without an end mark');
    },
  };
};
