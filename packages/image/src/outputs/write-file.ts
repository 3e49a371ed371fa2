import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { chunksOf, type Piece } from '@slipway/components';
import { Digest } from '@slipway/protocol';

/** Other work of this process, such as renewing a lock, gets its turn after this many chunks. */
const CHUNKS_PER_TURN = 8;

export type WrittenFile = { readonly size: number; readonly digest: Digest };

/** Writes pieces to a new file in bounded memory, showing each chunk to `seen` on the way. */
const writeChunks = async (
  path: string,
  pieces: Iterable<Piece>,
  seen: (chunk: Uint8Array) => void,
): Promise<number> => {
  let size = 0;
  const fd = openSync(path, 'wx', 0o644);
  try {
    let turn = 0;
    for (const chunk of chunksOf(pieces, { reuse: true })) {
      seen(chunk);
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done, chunk.length - done);
      size += chunk.length;
      if (++turn % CHUNKS_PER_TURN === 0) await setImmediate();
    }
  } finally {
    closeSync(fd);
  }
  return size;
};

/** @returns bytes written */
export const writeUnhashed = async (path: string, pieces: Iterable<Piece>): Promise<number> =>
  writeChunks(path, pieces, () => undefined);

/**
 * Writes pieces to a new file, whose bytes are hashed on the way. Memory is the same whatever the size.
 *
 * @param path must not exist
 */
export const writePieces = async (path: string, pieces: Iterable<Piece>): Promise<WrittenFile> => {
  const hash = createHash('sha256');
  const size = await writeChunks(path, pieces, (chunk) => hash.update(chunk));
  return { size, digest: Digest.parse(`sha256:${hash.digest('hex')}`) };
};
