import { closeSync, openSync, readSync } from 'node:fs';
import { extentsOf, readFully, type Content } from './content.ts';

/** A stream in parts: bytes made here, and ranges of files that are copied only when they are written out. */
export type Piece = Content;

const CHUNK_BYTES = 1024 * 1024;
/** Small files of a layer lie side by side: one read brings many of them. */
const WINDOW_BYTES = 256 * 1024;
const MAX_OPEN_FILES = 64;

type Source = { readonly fd: number; readonly window: Buffer; from: number; to: number };

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
    const fresh = { fd: openSync(file, 'r'), window: Buffer.allocUnsafeSlow(WINDOW_BYTES), from: 0, to: 0 };
    sources.set(file, fresh);
    return fresh;
  };
  return {
    read(file: string, into: Uint8Array, offset: number): void {
      const source = sourceOf(file);
      if (into.length > WINDOW_BYTES / 4) {
        readFully(source.fd, into, offset, file);
        return;
      }
      if (offset < source.from || offset + into.length > source.to) {
        source.from = offset;
        source.to = offset + readSync(source.fd, source.window, 0, WINDOW_BYTES, offset);
      }
      if (offset + into.length > source.to) readFully(source.fd, into, offset, file);
      else into.set(source.window.subarray(offset - source.from, offset - source.from + into.length));
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
  /** room for at least one byte; the caller fills it */
  const room = (most: number): Uint8Array => chunk.subarray(used, Math.min(CHUNK_BYTES, used + most));
  const fresh = (): void => {
    if (!reuse) chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    used = 0;
  };
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        for (let done = 0; done < piece.length;) {
          const part = room(piece.length - done);
          part.set(piece.subarray(done, done + part.length));
          done += part.length;
          used += part.length;
          if (used === CHUNK_BYTES) {
            yield chunk;
            fresh();
          }
        }
        continue;
      }
      const extents = extentsOf(piece);
      let next = 0;
      for (let done = 0; done < piece.size;) {
        let extent = extents[next];
        while (extent !== undefined && done >= extent.at + extent.length) extent = extents[++next];
        const inHole = extent === undefined || done < extent.at;
        const end = extent === undefined ? piece.size : inHole ? extent.at : extent.at + extent.length;
        const part = room(end - done);
        if (extent === undefined || inHole) part.fill(0);
        else reader.read(piece.file, part, extent.offset + done - extent.at);
        done += part.length;
        used += part.length;
        if (used === CHUNK_BYTES) {
          yield chunk;
          fresh();
        }
      }
    }
    if (used > 0) yield chunk.subarray(0, used);
  } finally {
    reader.close();
  }
};
