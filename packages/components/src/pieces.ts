import { closeSync, readSync } from 'node:fs';
import {
  assertUnchanged,
  extentsOf,
  openStored,
  readFully,
  type Content,
  type StoredContent,
} from './content.ts';

/** A stream in parts: bytes made here, and ranges of files that are copied only when they are written out. */
export type Piece = Content;

const CHUNK_BYTES = 1024 * 1024;
/** Small files of a layer lie side by side: one read brings several of them, the more the longer that holds. */
const MAX_WINDOW_BYTES = 256 * 1024;
const MIN_WINDOW_BYTES = 8 * 1024;
/** Files up to this are read through the window. */
const SMALL_BYTES = 64 * 1024;
const MAX_OPEN_FILES = 64;

type Source = {
  readonly fd: number;
  readonly window: Buffer;
  /** what the window holds, as offsets of the file */
  from: number;
  to: number;
  /** bytes to be read ahead next time */
  ahead: number;
};

/** Reads ranges of files that stay open, the last used ones at least. */
const createReader = () => {
  const sources = new Map<string, Source>();
  const sourceOf = (file: string): Source => {
    const known = sources.get(file);
    if (known !== undefined) return known;
    const [oldest] = sources;
    if (sources.size >= MAX_OPEN_FILES && oldest !== undefined) {
      closeSync(oldest[1].fd);
      sources.delete(oldest[0]);
    }
    const fresh = {
      fd: openStored(file),
      window: Buffer.allocUnsafeSlow(MAX_WINDOW_BYTES),
      from: 0,
      to: 0,
      ahead: MIN_WINDOW_BYTES,
    };
    sources.set(file, fresh);
    return fresh;
  };
  return {
    /** Puts `length` bytes of a file into `into`, at `at`. */
    read(file: string, offset: number, into: Buffer, at: number, length: number): void {
      const source = sourceOf(file);
      if (length > SMALL_BYTES) {
        readFully(source.fd, into, offset, file, at, length);
        return;
      }
      if (offset < source.from || offset + length > source.to) {
        const goesOn = offset >= source.from && offset <= source.to + MIN_WINDOW_BYTES;
        source.ahead = goesOn ? Math.min(source.ahead * 2, MAX_WINDOW_BYTES) : MIN_WINDOW_BYTES;
        const wanted = Math.min(Math.max(source.ahead, length), MAX_WINDOW_BYTES);
        source.from = offset;
        source.to = offset + readSync(source.fd, source.window, 0, wanted, offset);
      }
      if (offset + length > source.to) readFully(source.fd, into, offset, file, at, length);
      else source.window.copy(into, at, offset - source.from, offset - source.from + length);
    },
    /** To be called when all of a content has been read. */
    done(content: StoredContent): void {
      if (content.asOf !== undefined) assertUnchanged(sourceOf(content.file).fd, content);
    },
    close(): void {
      for (const { fd } of sources.values()) closeSync(fd);
      sources.clear();
    },
  };
};

/**
 * The bytes of pieces in chunks of 1 MiB, the last one shorter. Memory is the same whatever the sizes.
 *
 * @param reuse every chunk is the same buffer: whoever takes it is done with it before taking the next
 */
export const chunksOf = function* (
  pieces: Iterable<Piece>,
  { reuse = false }: { readonly reuse?: boolean } = {},
): Generator<Uint8Array> {
  const reader = createReader();
  let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let used = 0;
  const fresh = (): void => {
    if (!reuse) chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    used = 0;
  };
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        if (used + piece.length < CHUNK_BYTES) {
          chunk.set(piece, used);
          used += piece.length;
          continue;
        }
        for (let done = 0; done < piece.length;) {
          const part = Math.min(piece.length - done, CHUNK_BYTES - used);
          chunk.set(piece.subarray(done, done + part), used);
          done += part;
          used += part;
          if (used === CHUNK_BYTES) {
            yield chunk;
            fresh();
          }
        }
        continue;
      }
      if (piece.extents === undefined && used + piece.size < CHUNK_BYTES) {
        reader.read(piece.file, piece.offset, chunk, used, piece.size);
        reader.done(piece);
        used += piece.size;
        continue;
      }
      const extents = extentsOf(piece);
      let next = 0;
      for (let done = 0; done < piece.size;) {
        let extent = extents[next];
        while (extent !== undefined && done >= extent.at + extent.length) extent = extents[++next];
        const inHole = extent === undefined || done < extent.at;
        const end = extent === undefined ? piece.size : inHole ? extent.at : extent.at + extent.length;
        const part = Math.min(end - done, CHUNK_BYTES - used);
        if (extent === undefined || inHole) chunk.fill(0, used, used + part);
        else reader.read(piece.file, extent.offset + done - extent.at, chunk, used, part);
        done += part;
        used += part;
        if (used === CHUNK_BYTES) {
          yield chunk;
          fresh();
        }
      }
      reader.done(piece);
    }
    if (used > 0) yield chunk.subarray(0, used);
  } finally {
    reader.close();
  }
};
