import { mismatch } from './checked-stream.ts';
import type { OciImage, OpenOptions } from './image.ts';
import { openSource } from './image-source.ts';
import type { ImageLocation } from './location.ts';

/**
 * Opens an image for one architecture. Manifest and config are read and checked; layers are when they are opened.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH, COMPONENT_OFFLINE,
 *   LAYER_UNSAFE for archives, REGISTRY_… and CREDENTIALS_FAILED for registries; the reason of `signal`
 */
export const openImage = async (location: ImageLocation, options: OpenOptions): Promise<OciImage> => {
  const source = await openSource(location, options);
  const image = await source.image(options.arch);
  const { digest } = options;
  if (digest !== undefined && image.digest !== digest)
    throw mismatch(source.ref, { digest, size: undefined }, `an index whose image is ${image.digest}`);
  return image;
};
