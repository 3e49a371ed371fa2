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

/** What lies before the files of a bundle, byte for byte; nothing of it is verified. */
export type Head = { readonly content: Uint8Array; readonly signature: Uint8Array };

/** @throws {SlipwayError} BUNDLE_MALFORMED, BUNDLE_FILE_UNLISTED */
export const readHead = async (path: string): Promise<Head> => {
  await using file = await open(path);
  const entryAt = async (
    position: number,
    name: typeof MANIFEST_NAME | typeof SIGNATURE_NAME,
    limit: number,
  ): Promise<Uint8Array> => {
    const size = expectEntry(await readFully(file, position, TAR_BLOCK_BYTES), name);
    if (size <= limit) return readFully(file, position + TAR_BLOCK_BYTES, size);
    throw new SlipwayError('BUNDLE_MALFORMED', `bundle: expected at most ${limit} bytes of ${name}.`);
  };
  const content = await entryAt(0, MANIFEST_NAME, MAX_MANIFEST_BYTES);
  const at = TAR_BLOCK_BYTES + content.length + tarPadding(content.length);
  return { content, signature: await entryAt(at, SIGNATURE_NAME, MAX_SIGNATURE_BYTES) };
};

/**
 * The signature in a bundle, as it lies there: to tell who signed, which proves nothing. `verifyBundle` proves.
 *
 * @throws {SlipwayError} BUNDLE_MALFORMED, BUNDLE_FILE_UNLISTED
 */
export const readSignature = async (path: string): Promise<Uint8Array> => (await readHead(path)).signature;
