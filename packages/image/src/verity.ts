import { createHash, hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Digest, RootHash, SlipwayError } from '@slipway/protocol';
import { writeAll } from './outputs/write-file.ts';

export const BLOCK_BYTES = 4096;
const HASH_BYTES = 32;
const HASHES_PER_BLOCK = BLOCK_BYTES / HASH_BYTES;
const READ_BLOCKS = 64;

export type Verity = {
  readonly rootHash: RootHash;
  /** 4096-byte blocks of data; the tree starts right after them */
  readonly dataBlocks: number;
};

export type VerityImage = Verity & {
  /** of the file, tree included */
  readonly digest: Digest;
  /** bytes, tree included */
  readonly size: number;
};

/** Hashes of blocks, in blocks of their own. */
const createLevel = (blocks: number) => {
  const bytes = Buffer.alloc(Math.ceil(blocks / HASHES_PER_BLOCK) * BLOCK_BYTES);
  let used = 0;
  return {
    bytes,
    add(block: Uint8Array): void {
      bytes.write(hash('sha256', block, 'hex'), used, 'hex');
      used += HASH_BYTES;
    },
  };
};

/** All levels above the lowest, down to the one block whose hash stands for all. */
const levelsAbove = (lowest: Buffer): Buffer[] => {
  const levels = [lowest];
  for (let below = lowest; below.length > BLOCK_BYTES;) {
    const level = createLevel(below.length / BLOCK_BYTES);
    for (let at = 0; at < below.length; at += BLOCK_BYTES) level.add(below.subarray(at, at + BLOCK_BYTES));
    levels.push(level.bytes);
    below = level.bytes;
  }
  return levels.reverse();
};

/**
 * Appends the dm-verity tree to a file system image, padding it to whole blocks first. No salt and no superblock: the
 * same data gives the same tree, and a device needs nothing but the root hash and the number of blocks.
 *
 * @throws {SlipwayError} INTERNAL if the image is empty
 * @see the kernel's documentation of dm-verity, "Hash Tree"; `veritysetup verify` finds the same
 */
export const appendVerity = async (image: string): Promise<VerityImage> => {
  await using file = await open(image, 'r+');
  const length = (await file.stat()).size;
  if (length === 0)
    throw new SlipwayError('INTERNAL', `${image}: expected a file system image, found no bytes`);
  const dataBlocks = Math.ceil(length / BLOCK_BYTES);
  await file.truncate(dataBlocks * BLOCK_BYTES);
  const whole = createHash('sha256');
  const lowest = createLevel(dataBlocks);
  const window = Buffer.allocUnsafe(READ_BLOCKS * BLOCK_BYTES);
  for (let block = 0; block < dataBlocks; block += READ_BLOCKS) {
    const wanted = Math.min(READ_BLOCKS, dataBlocks - block) * BLOCK_BYTES;
    const { bytesRead } = await file.read(window, 0, wanted, block * BLOCK_BYTES);
    if (bytesRead !== wanted)
      throw new SlipwayError(
        'INTERNAL',
        `${image}: expected ${wanted} bytes at block ${block}, read ${bytesRead}`,
      );
    const data = window.subarray(0, wanted);
    whole.update(data);
    for (let at = 0; at < wanted; at += BLOCK_BYTES) lowest.add(data.subarray(at, at + BLOCK_BYTES));
  }
  // One block is vouched for by its own hash.
  const levels = dataBlocks === 1 ? [] : levelsAbove(lowest.bytes);
  const tree = Buffer.concat(levels);
  writeAll(file.fd, tree, dataBlocks * BLOCK_BYTES);
  whole.update(tree);
  const top = levels[0];
  const rootHash =
    top === undefined ? lowest.bytes.toString('hex', 0, HASH_BYTES) : hash('sha256', top, 'hex');
  return {
    rootHash: RootHash.parse(rootHash),
    dataBlocks,
    digest: Digest.parse(`sha256:${whole.digest('hex')}`),
    size: dataBlocks * BLOCK_BYTES + tree.length,
  };
};
