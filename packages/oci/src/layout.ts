import { messageOf } from '@slipway/protocol';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createStoredBlobs, type BlobSource } from './blobs.ts';
import { hexOf } from './digest.ts';
import { failure } from './failures.ts';
import { parseJson } from './json.ts';
import { Index, type Descriptor } from './oci-schema.ts';

/** An OCI layout: what `index.json` lists, and the blobs. */
export type Layout = { readonly descriptors: readonly Descriptor[]; readonly blobs: BlobSource };

/** @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID */
export const openLayout = async (folder: string, ref: string): Promise<Layout> => {
  const bytes = await readFile(join(folder, 'index.json')).catch((error: unknown) => {
    throw failure(
      'COMPONENT_NOT_FOUND',
      ref,
      `there is no OCI layout at ${folder}: ${messageOf(error)}; pack or copy the image there` +
        ' (a tar file of a layout is oci-archive:PATH, of docker save docker-archive:PATH)',
      { cause: error },
    );
  });
  return {
    descriptors: parseJson(bytes, Index, ref, 'index.json').manifests,
    blobs: createStoredBlobs(
      async (digest) => {
        const file = join(folder, 'blobs', 'sha256', hexOf(digest));
        const info = await stat(file).catch(() => undefined);
        return info === undefined ? undefined : { file, offset: 0, size: info.size };
      },
      ref,
      'layout',
    ),
  };
};
