import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import { findManifest } from './find-manifest.ts';
import type { OciImage, OpenOptions } from './image.ts';
import { layersOf } from './layers.ts';
import { openLayout } from './layout.ts';
import { rootsOfDigest, rootsOfTag } from './layout-roots.ts';
import { formatLocation, type ImageLocation } from './location.ts';

/** A path as references write it. */
const pathOf = (path: string, baseDir: string): string =>
  path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(baseDir, path);

/**
 * Opens an image for one architecture.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH
 */
export const openImage = async (location: ImageLocation, options: OpenOptions): Promise<OciImage> => {
  const ref = formatLocation(location);
  if (location.type !== 'oci')
    throw new SlipwayError('COMPONENT_REF_INVALID', `${ref}: ${location.type} is not supported yet`);
  const { descriptors, blobs } = await openLayout(pathOf(location.path, options.baseDir), ref);
  const digest = options.digest ?? location.digest;
  const roots =
    digest === undefined ? rootsOfTag(descriptors, location.tag, ref) : rootsOfDigest(descriptors, digest);
  const found = await findManifest(blobs, roots, options.arch, ref);
  return {
    ref,
    digest: found.digest,
    ...(found.indexDigest === undefined ? {} : { indexDigest: found.indexDigest }),
    config: found.config,
    layers: layersOf(found, blobs, ref),
    annotations: found.manifest.annotations ?? {},
  };
};
