import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, createDeflateRaw, deflateRawSync } from 'node:zlib';
import { chunksOf, contentSize, markUsed, sideBySide, type Piece } from '@slipway/components';
import { combineCrc32 } from './crc32.ts';

/**
 * gzip in segments. Each segment is a run of deflate blocks that ends on a byte and refers to nothing before it, so the
 * segments of several builds can be put behind one another: what did not change since a build before is not compressed
 * again. To a reader it is one ordinary gzip member.
 */
export type Segment = {
  readonly pieces: readonly Piece[];
  /** uncompressed bytes */
  readonly size: number;
};

/** Level of zlib: it still matches lazily, but gives up searching much earlier than the usual 6. */
const LEVEL = 4;
/** Changes whenever the same pieces would give other bytes. */
const VERSION = `slipway gzip segment 1, level ${LEVEL}`;
/** A segment below this is compressed each time: looking it up would not be worth a file. */
const MIN_CACHED_BYTES = 256 * 1024;
const TRAILER_BYTES = 12;

const sizeOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((total, piece) => total + contentSize(piece), 0);

export const segment = (pieces: readonly Piece[]): Segment => ({ pieces, size: sizeOf(pieces) });

/** What the bytes of a segment are made from: a layer is named by its content, other files are read. */
const keyOf = ({ pieces }: Segment, layersDir: string): string => {
  const hash = createHash('sha256').update(VERSION);
  for (const piece of pieces) {
    hash.update(`\0${contentSize(piece)}\0`);
    if (piece instanceof Uint8Array) hash.update(piece);
    else if (piece.file.startsWith(layersDir))
      hash.update(
        `${piece.file.slice(layersDir.length)} ${piece.offset} ${JSON.stringify(piece.extents ?? '')}`,
      );
    else for (const chunk of chunksOf([piece], { reuse: true })) hash.update(chunk);
  }
  return hash.digest('hex');
};

type Compressed = { readonly pieces: readonly Piece[]; readonly crc: number; readonly size: number };

const compressInMemory = ({ pieces, size }: Segment): Compressed => {
  const bytes = Buffer.concat([...chunksOf(pieces)]);
  const packed = deflateRawSync(bytes, { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH });
  return { pieces: [packed], crc: crc32(bytes), size };
};

/** The compressed bytes, then checksum and size of what was compressed. */
const readCached = async (path: string): Promise<Compressed | undefined> => {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const trailer = Buffer.alloc(TRAILER_BYTES);
    if (size < TRAILER_BYTES) return undefined;
    await file.read(trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES);
    if (!(await markUsed(path))) return undefined;
    return {
      pieces: [{ file: path, offset: 0, size: size - TRAILER_BYTES }],
      crc: trailer.readUInt32LE(0),
      size: Number(trailer.readBigUInt64LE(4)),
    };
  } finally {
    await file.close();
  }
};

const compressToFile = async ({ pieces, size }: Segment, path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomUUID()}.tmp`;
  let crc = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc = crc32(chunk, crc);
      done(null, chunk);
    },
  });
  const deflate = createDeflateRaw({
    level: LEVEL,
    chunkSize: 256 * 1024,
    finishFlush: constants.Z_FULL_FLUSH,
  });
  try {
    await pipeline(
      Readable.from(chunksOf(pieces)),
      measure,
      deflate,
      createWriteStream(temporary, { flags: 'wx' }),
    );
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(crc, 0);
    trailer.writeBigUInt64LE(BigInt(size), 4);
    const file = await open(temporary, 'a');
    try {
      await file.write(trailer);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
};

const compress = async (item: Segment, cacheDir: string): Promise<Compressed> => {
  if (item.size < MIN_CACHED_BYTES) return compressInMemory(item);
  const key = keyOf(item, join(cacheDir, 'layers') + sep);
  const path = join(cacheDir, 'segments', key.slice(0, 2), `${key}.deflate`);
  const known = await readCached(path);
  if (known?.size === item.size) return known;
  await compressToFile(item, path);
  const made = await readCached(path);
  if (made === undefined) throw new Error(`${path} vanished while it was being used`);
  return made;
};

/** magic, deflate, no flags, no time, no hints, unknown system */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** a last, empty block */
export const GZIP_END = Uint8Array.of(3, 0);

/** @param size bytes before compression */
export const gzipTrailer = (crc: number, size: number): Buffer => {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return trailer;
};

/**
 * Segments as one gzip member, in pieces that may be written out.
 *
 * @param cacheDir holds compressed segments from one build to the next
 */
export const gzipSegments = async (segments: readonly Segment[], cacheDir: string): Promise<Piece[]> => {
  const results = await sideBySide(segments, Math.min(4, availableParallelism()), async (segment) =>
    compress(segment, cacheDir),
  );
  let crc = 0;
  let size = 0;
  for (const result of results) {
    crc = combineCrc32(crc, result.crc, result.size);
    size += result.size;
  }
  return [GZIP_HEADER, ...results.flatMap(({ pieces }) => pieces), GZIP_END, gzipTrailer(crc, size)];
};
