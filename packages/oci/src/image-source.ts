import type { Arch, Digest } from '@slipway/protocol';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { mismatch } from './checked-stream.ts';
import { openDockerArchive } from './docker-archive.ts';
import { findManifest, type Root } from './find-manifest.ts';
import type { OciImage, OpenOptions } from './image.ts';
import { layersOf } from './layers.ts';
import { openLayout, type Layout } from './layout.ts';
import { rootsOfDigest, rootsOfTag } from './layout-roots.ts';
import { formatLocation, type ImageLocation } from './location.ts';
import { openOciArchive } from './oci-archive.ts';
import type { BlobSource } from './blobs.ts';
import { uncompressedArchive } from './unpacked-archive.ts';

/** What a reference points at: images of several platforms, or of one. */
export type ImageSource = {
  readonly ref: string;
  /** of the index or manifest; undefined: there is no one document for all platforms */
  readonly digest: Digest | undefined;
  /** @throws {SlipwayError} COMPONENT_NOT_FOUND if there is none for the architecture */
  readonly image: (arch: Arch) => Promise<OciImage>;
};

type Options = Omit<OpenOptions, 'arch'>;

const fromManifests = (ref: string, blobs: BlobSource, roots: readonly Root[]): ImageSource => ({
  ref,
  digest: roots.length === 1 ? roots[0]?.digest : undefined,
  image: async (arch) => {
    const found = await findManifest(blobs, roots, arch, ref);
    return {
      ref,
      digest: found.digest,
      ...(found.indexDigest === undefined ? {} : { indexDigest: found.indexDigest }),
      config: found.config,
      layers: layersOf(found, blobs, ref),
      annotations: found.manifest.annotations ?? {},
    };
  },
});

/** An image may be pinned by a lock, by its reference, by both, or by none of them. */
export const openSource = async (location: ImageLocation, options: Options): Promise<ImageSource> => {
  const ref = formatLocation(location);
  const { baseDir, cacheDir, signal } = options;
  signal?.throwIfAborted();
  if (location.type === 'registry') {
    // Builds without registries do not pay for an HTTP client.
    const { openRepository } = await import('./registry/source.ts');
    const { blobs, root } = await openRepository(location, ref, options);
    return fromManifests(ref, blobs, [await root()]);
  }
  const path = location.path.startsWith('~/')
    ? join(homedir(), location.path.slice(2))
    : resolve(baseDir, location.path);
  const fromLayout = (
    { descriptors, blobs }: Layout,
    tag: string | undefined,
    pinned: Digest | undefined,
  ) => {
    const digest = options.digest ?? pinned;
    return fromManifests(
      ref,
      blobs,
      digest === undefined ? rootsOfTag(descriptors, tag, ref) : rootsOfDigest(descriptors, digest),
    );
  };
  if (location.type === 'oci') return fromLayout(await openLayout(path, ref), location.tag, location.digest);
  const file = await uncompressedArchive(path, cacheDir, ref);
  if (location.type === 'oci-archive')
    return fromLayout(await openOciArchive(file, ref), location.tag, location.digest);
  const saved = await openDockerArchive(file, location.tag, ref);
  return {
    ref,
    digest: undefined,
    image: async (arch) => {
      const image = await saved.image(arch);
      if (options.digest !== undefined && options.digest !== image.digest)
        throw mismatch(ref, { digest: options.digest, size: undefined }, image.digest);
      return image;
    },
  };
};
