import { createStoredBlobs, readStored, assertDocumentSize } from './blobs.ts';
import { openArchive } from './archive.ts';
import { hexOf } from './digest.ts';
import { failure } from './failures.ts';
import { parseJson } from './json.ts';
import type { Layout } from './layout.ts';
import { Index } from './oci-schema.ts';

/** @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, LAYER_UNSAFE */
export const openOciArchive = async (file: string, ref: string): Promise<Layout> => {
  const archive = await openArchive(file, ref);
  const index = archive.find('index.json');
  if (index === undefined)
    throw failure(
      'COMPONENT_INVALID',
      ref,
      'the archive holds no index.json, so it is not a tar of an OCI layout' +
        (archive.find('manifest.json') === undefined
          ? ''
          : '; docker save wrote it: use docker-archive:PATH'),
    );
  assertDocumentSize(index.size, ref, 'index.json');
  return {
    descriptors: parseJson(await readStored(index), Index, ref, 'index.json').manifests,
    blobs: createStoredBlobs(async (digest) => archive.find(`blobs/sha256/${hexOf(digest)}`), ref, 'archive'),
  };
};
