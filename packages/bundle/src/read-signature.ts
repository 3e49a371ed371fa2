import { open } from 'node:fs/promises';
import {
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
  SIGNATURE_NAME,
  SlipwayError,
} from '@slipway/protocol';
import { readFully } from './digest-file.ts';
import { expectEntry, TAR_BLOCK_BYTES, tarPadding } from './tar-header.ts';

/**
 * The signature in a bundle, as it lies there: to tell who signed, which proves nothing. `verifyBundle` proves.
 *
 * @throws {SlipwayError} BUNDLE_MALFORMED, BUNDLE_FILE_UNLISTED
 */
export const readSignature = async (path: string): Promise<Uint8Array> => {
  await using file = await open(path);
  const sizeAt = async (
    position: number,
    name: typeof MANIFEST_NAME | typeof SIGNATURE_NAME,
    limit: number,
  ): Promise<number> => {
    const size = expectEntry(await readFully(file, position, TAR_BLOCK_BYTES), name);
    if (size <= limit) return size;
    throw new SlipwayError('BUNDLE_MALFORMED', `bundle: expected at most ${limit} bytes of ${name}.`);
  };
  const manifest = await sizeAt(0, MANIFEST_NAME, MAX_MANIFEST_BYTES);
  const at = TAR_BLOCK_BYTES + manifest + tarPadding(manifest);
  const size = await sizeAt(at, SIGNATURE_NAME, MAX_SIGNATURE_BYTES);
  return readFully(file, at + TAR_BLOCK_BYTES, size);
};
