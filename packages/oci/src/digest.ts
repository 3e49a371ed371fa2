import { Digest } from '@slipway/protocol';
import { createHash } from 'node:crypto';

export const digestOf = (bytes: Uint8Array | string): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/** The 64 hex digits, which are safe as a file name. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);
