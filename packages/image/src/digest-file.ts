import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Digest } from '@slipway/protocol';

const READ_BYTES = 1024 * 1024;

export const digestFile = async (path: string): Promise<Digest> => {
  const hash = createHash('sha256');
  await using file = await open(path, 'r');
  // One for all: disks are large, and a new one for each piece keeps the garbage collector busy.
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
    if (bytesRead === 0) return Digest.parse(`sha256:${hash.digest('hex')}`);
    hash.update(buffer.subarray(0, bytesRead));
  }
};
