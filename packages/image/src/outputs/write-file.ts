import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { cancellationSignal, chunksOf, type Piece } from '@slipway/components';
import { Digest } from '@slipway/protocol';

/** Other work of this process, such as renewing a lock, gets its turn after this many chunks. */
const CHUNKS_PER_TURN = 8;

export type WrittenFile = { readonly size: number; readonly digest: Digest };

export type WriteOptions = {
  /** leave holes where there are zeros; default false */
  readonly sparse?: boolean | undefined;
  /** told of each chunk how many bytes it has */
  readonly wrote?: ((bytes: number) => void) | undefined;
};

const ZERO = Buffer.alloc(64 * 1024);

/** All of the bytes: the system may take fewer at once, such as on a disk that fills. */
export const writeAll = (fd: number, bytes: Uint8Array, at: number): void => {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
};

/** Leaves out what is zero. */
const writeUsed = (fd: number, bytes: Uint8Array, at: number): void => {
  for (let done = 0; done < bytes.length; done += ZERO.length) {
    const part = bytes.subarray(done, done + ZERO.length);
    if (ZERO.compare(part, 0, part.length, 0, part.length) !== 0) writeAll(fd, part, at + done);
  }
};

/** Writes pieces to a new file in bounded memory, showing each chunk to `seen` on the way. */
const writeChunks = async (
  path: string,
  pieces: Iterable<Piece>,
  seen: (chunk: Uint8Array) => void,
  { sparse = false, wrote }: WriteOptions,
): Promise<number> => {
  let size = 0;
  const cancelled = cancellationSignal();
  cancelled?.throwIfAborted();
  const write = sparse ? writeUsed : writeAll;
  const fd = openSync(path, 'wx', 0o644);
  try {
    let turn = 0;
    for (const chunk of chunksOf(pieces, { reuse: true })) {
      seen(chunk);
      write(fd, chunk, size);
      size += chunk.length;
      wrote?.(chunk.length);
      if (++turn % CHUNKS_PER_TURN === 0) {
        await setImmediate();
        cancelled?.throwIfAborted();
      }
    }
    if (sparse) ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
  return size;
};

/** @returns bytes written */
export const writeUnhashed = async (
  path: string,
  pieces: Iterable<Piece>,
  options: WriteOptions = {},
): Promise<number> => writeChunks(path, pieces, () => undefined, options);

/** Of the bytes that pieces would be in a file. */
export const digestPieces = (pieces: Iterable<Piece>): Digest => {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(pieces, { reuse: true })) hash.update(chunk);
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};

/**
 * Writes pieces to a new file, whose bytes are hashed on the way. Memory is the same whatever the size.
 *
 * @param path must not exist
 */
export const writePieces = async (
  path: string,
  pieces: Iterable<Piece>,
  options: WriteOptions = {},
): Promise<WrittenFile> => {
  const hash = createHash('sha256');
  const size = await writeChunks(path, pieces, (chunk) => hash.update(chunk), options);
  return { size, digest: Digest.parse(`sha256:${hash.digest('hex')}`) };
};
