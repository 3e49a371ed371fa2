import { CHUNK_BYTES, messageOf, SlipwayError } from '@slipway/protocol';
import type { OpenFile, Runtime } from '../runtime/port.ts';
import type { ChunkJournal } from './journal.ts';
import type { PlanFile } from './stored-manifest.ts';

export type FillFile = {
  readonly file: PlanFile;
  readonly target: OpenFile;
  readonly journal: ChunkJournal;
  readonly digest: Runtime['digest'];
  /** the chunk as it may already lie on this device; believed only if its digest is right */
  readonly local?: (offset: number, length: number) => Promise<Uint8Array>;
  /** the chunk over the network; absent: what is not here yet is left out */
  readonly fetch?: (offset: number, length: number) => Promise<Uint8Array>;
  readonly onProgress: () => void;
  readonly signal: AbortSignal;
};

/** Chunks on their way at once; with blocks of half a chunk this fills the window of the block transfer. */
const LANES = 4;
/** Bytes written between two entries of the journal: what a power cut costs. */
const JOURNAL_BYTES = 4 * 1024 * 1024;
/** How often a chunk whose bytes are wrong is fetched before the bundle is given up. */
const MAX_FETCHES = 3;

const writeFailed = (name: string, cause: unknown): SlipwayError =>
  new SlipwayError(
    'INSTALL_WRITE_FAILED',
    `${name}: the storage refused a write: ${messageOf(cause)}; replace it if this recurs.`,
    { cause },
  );

/**
 * Brings every chunk of a file into its place: from this device where its bytes are known to be the same, over the
 * network otherwise. No byte is written whose digest was not that of the manifest.
 *
 * @throws {SlipwayError} BUNDLE_DIGEST_MISMATCH, DOWNLOAD_FAILED, INSTALL_WRITE_FAILED
 */
export const fillFile = async (work: FillFile): Promise<void> => {
  const { file, target, journal, digest, local, fetch, onProgress, signal } = work;
  type Written = { readonly chunk: number; readonly received: number; readonly reused: number };
  let unsynced: Written[] = [];
  let unsyncedBytes = 0;
  let isOver = false;

  const write = async (offset: number, bytes: Uint8Array, written: Written): Promise<void> => {
    // A chunk that comes after its work has ended finds the target closed, or the slot filled with something else.
    if (isOver) return;
    try {
      await target.write(offset, bytes);
    } catch (error) {
      throw writeFailed(file.name, error);
    }
    unsynced.push(written);
    unsyncedBytes += bytes.length;
    onProgress();
  };

  const checkpoint = async (): Promise<void> => {
    const batch = unsynced;
    unsynced = [];
    unsyncedBytes = 0;
    try {
      await target.sync();
    } catch (error) {
      throw writeFailed(file.name, error);
    }
    for (const { chunk, ...bytes } of batch) journal.add(chunk, bytes);
    await journal.save();
    onProgress();
  };

  const fetchChunk = async (chunk: number, offset: number, length: number): Promise<void> => {
    if (fetch === undefined) return;
    let found = '';
    for (let tried = 1; tried <= MAX_FETCHES; tried++) {
      const bytes = await fetch(offset, length);
      found = await digest(bytes);
      if (found === file.chunks[chunk]) {
        await write(offset, bytes, { chunk, received: tried * length, reused: 0 });
        return;
      }
    }
    throw new SlipwayError(
      'BUNDLE_DIGEST_MISMATCH',
      `${file.name}: expected chunk ${chunk} to be ${file.chunks[chunk] ?? 'none'}, found ${found}; fetch the bundle again.`,
    );
  };

  const lanes = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const throwIfFailed = (): void => {
    signal.throwIfAborted();
    if (failure !== undefined) throw failure.error;
  };
  try {
    for (const [chunk, expected] of file.chunks.entries()) {
      throwIfFailed();
      if (journal.has(chunk)) continue;
      const offset = chunk * CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES, file.size - offset);
      const own = await local?.(offset, length);
      if (own?.length === length && (await digest(own)) === expected) {
        await write(offset, own, { chunk, received: 0, reused: length });
      } else if (fetch !== undefined) {
        const lane = fetchChunk(chunk, offset, length)
          .catch((error: unknown) => {
            failure ??= { error };
          })
          .finally(() => lanes.delete(lane));
        lanes.add(lane);
        if (lanes.size >= LANES) await Promise.race(lanes);
      }
      if (unsyncedBytes >= JOURNAL_BYTES) await checkpoint();
    }
    while (lanes.size > 0) {
      await Promise.race(lanes);
      throwIfFailed();
      if (unsyncedBytes >= JOURNAL_BYTES) await checkpoint();
    }
    throwIfFailed();
    await checkpoint();
  } finally {
    isOver = true;
  }
};
