import type { BlobSource } from './blobs.ts';
import { failure } from './failures.ts';
import type { FoundManifest } from './find-manifest.ts';
import type { OciLayer } from './image.ts';
import { LAYER_COMPRESSION } from './oci-schema.ts';

/** @throws {SlipwayError} COMPONENT_INVALID */
export const layersOf = (
  { manifest, config }: FoundManifest,
  blobs: BlobSource,
  ref: string,
): readonly OciLayer[] => {
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length)
    throw failure(
      'COMPONENT_INVALID',
      ref,
      `manifest and config differ in the number of layers: ${manifest.layers.length} and ${diffIds.length}`,
    );
  return manifest.layers.map(({ mediaType, digest, size }, index) => {
    const compression = LAYER_COMPRESSION[mediaType];
    const diffId = diffIds[index];
    if (compression === undefined || diffId === undefined)
      throw failure(
        'COMPONENT_INVALID',
        ref,
        `layer type ${mediaType} is not supported; allowed: ${Object.keys(LAYER_COMPRESSION).join(', ')}`,
      );
    return { digest, size, mediaType, compression, diffId, open: async () => blobs.open({ digest, size }) };
  });
};
