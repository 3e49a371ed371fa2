import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { contentSize, type Content, type Piece } from '@slipway/components';
import { runPieces } from '../../disk-runs.ts';

/** Bytes of a disk are looked at, and left out where they are zero, in blocks of this. */
export const BLOCK_BYTES = 64 * 1024;

export type DiskRun = {
  /** bytes from the start of the disk, a whole block */
  readonly at: number;
  /** whole blocks */
  readonly content: Content;
};

/** A disk as what is in it: what lies between the runs is zero. */
export type SparseDisk = {
  /** bytes, whole blocks */
  readonly size: number;
  /** in order */
  readonly runs: readonly DiskRun[];
  /** 32 bytes that tell disks of other content apart: what formats call identifiers is taken from it */
  readonly identity: Buffer;
};

const WINDOW_BLOCKS = 64;
const ZERO = Buffer.alloc(BLOCK_BYTES);

/** Reads through a raw disk image once. Nobody may change it for as long as the result is used. */
export const readSparseDisk = async (file: string): Promise<SparseDisk> => {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const window = Buffer.alloc(WINDOW_BLOCKS * BLOCK_BYTES);
  const hash = createHash('sha256').update(`${size}\n`);
  const runs: { at: number; length: number }[] = [];
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(window, 0, window.length, at);
    if (bytesRead % BLOCK_BYTES !== 0 || bytesRead === 0)
      throw new Error(`${file}: expected whole blocks of ${BLOCK_BYTES} bytes, read ${bytesRead} at ${at}`);
    for (let offset = 0; offset < bytesRead; offset += BLOCK_BYTES) {
      const block = window.subarray(offset, offset + BLOCK_BYTES);
      if (block.equals(ZERO)) continue;
      hash.update(`${at + offset}\n`).update(block);
      const last = runs.at(-1);
      if (last !== undefined && last.at + last.length === at + offset) last.length += BLOCK_BYTES;
      else runs.push({ at: at + offset, length: BLOCK_BYTES });
    }
    at += bytesRead;
  }
  return {
    size,
    runs: runs.map(({ at, length }) => ({ at, content: { file, offset: at, size: length } })),
    identity: hash.digest(),
  };
};

/** Offsets of groups of blocks that hold anything, in order. @param bytes of a group, whole blocks */
export const usedGroups = ({ runs }: SparseDisk, bytes: number): number[] => {
  const groups = new Set<number>();
  for (const { at, content } of runs)
    for (let group = Math.floor(at / bytes); group * bytes < at + contentSize(content); group++)
      groups.add(group * bytes);
  return [...groups];
};

/** What of the runs lies in a part of the disk. */
export const runsBetween = ({ runs }: SparseDisk, from: number, to: number): DiskRun[] =>
  runs.flatMap(({ at, content }): DiskRun[] => {
    const first = Math.max(at, from);
    const last = Math.min(at + contentSize(content), to);
    if (first >= last) return [];
    if (content instanceof Uint8Array)
      return [{ at: first, content: content.subarray(first - at, last - at) }];
    return [{ at: first, content: { ...content, offset: content.offset + first - at, size: last - first } }];
  });

/** A part of a disk as pieces, holes too; behind the disk's end there are zeros. */
export const rangePieces = (disk: SparseDisk, from: number, length: number): Generator<Piece> =>
  runPieces(runsBetween(disk, from, from + length), from + length, from);

/** The disk from its first byte to its last. */
export const diskPieces = (disk: SparseDisk): Generator<Piece> => rangePieces(disk, 0, disk.size);
