import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Digest, SlipwayError } from '@slipway/protocol';
import { findPartition } from './gpt.ts';

/**
 * Digest of the first bytes of a partition, read from the disk file: evidence that owes nothing to the guest.
 *
 * @param bytes how many; absent: the whole partition
 * @throws {SlipwayError} VM_FAILED
 */
export const hashPartition = async (diskPath: string, name: string, bytes?: number): Promise<Digest> => {
  const { offset, size } = await findPartition(diskPath, name);
  const length = bytes ?? size;
  if (length > size)
    throw new SlipwayError('VM_FAILED', `${diskPath}: partition ${name} has ${size} bytes, not ${length}`);
  const hash = createHash('sha256');
  if (length > 0)
    await pipeline(createReadStream(diskPath, { start: offset, end: offset + length - 1 }), hash);
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};
