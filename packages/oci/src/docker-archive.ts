import { Digest, type Arch } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { openArchive, type Archive } from './archive.ts';
import { assertDocumentSize, readStored, streamStored, type StoredBlob } from './blobs.ts';
import { checkedStream, mismatch } from './checked-stream.ts';
import { digestOf } from './digest.ts';
import { failure } from './failures.ts';
import type { OciImage, OciLayer } from './image.ts';
import { parseJson } from './json.ts';
import { ImageConfig, type LayerCompression } from './oci-schema.ts';
import { bestOf, formatPlatform } from './platform.ts';
import { compressionAt } from './unpacked-archive.ts';

/** `manifest.json` of `docker save`: the images of the archive. */
const SavedImage = z.object({
  Config: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  Layers: z.array(z.string()).nullish(),
});
type SavedImage = z.infer<typeof SavedImage>;

const MEDIA_TYPES: Readonly<Record<LayerCompression, string>> = {
  none: 'application/vnd.docker.image.rootfs.diff.tar',
  gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  zstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
};

/** A name as docker shortens it, so that long and short forms meet. */
const familiar = (tag: string): string => {
  const short = tag.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /:[^/]+$/.test(short) ? short : `${short}:latest`;
};

const imagesOfTag = (
  images: readonly SavedImage[],
  tag: string | undefined,
  ref: string,
): readonly SavedImage[] => {
  const tagsOf = (image: SavedImage): readonly string[] => image.RepoTags ?? [];
  const found =
    tag === undefined
      ? new Set(images.map((image) => tagsOf(image).join(' '))).size === 1
        ? images
        : []
      : images.filter((image) => tagsOf(image).some((name) => familiar(name) === familiar(tag)));
  if (found.length > 0) return found;
  const tags = images.flatMap(tagsOf);
  throw failure(
    'COMPONENT_NOT_FOUND',
    ref,
    `${tag === undefined ? 'the archive does not hold one image; name one as NAME:TAG' : `there is no image ${tag}`}; ` +
      `images there: ${tags.join(', ') || 'none'}`,
    { details: { tags } },
  );
};

/** Docker names files by their digest in one way or another. */
const digestInName = (name: string): Digest | undefined => {
  const hex = /(?:^|\/)([0-9a-f]{64})(?:\.json|\.tar)?$/.exec(name)?.[1];
  return hex === undefined ? undefined : Digest.parse(`sha256:${hex}`);
};

const fileOf = (archive: Archive, name: string, ref: string): StoredBlob => {
  const stored = archive.find(name.replace(/^\.\//, ''));
  if (stored === undefined)
    throw failure(
      'COMPONENT_NOT_FOUND',
      ref,
      `${JSON.stringify(name)} is not in the archive; save the image again`,
    );
  return stored;
};

const readDocument = async (stored: StoredBlob, ref: string, what: string): Promise<Uint8Array> => {
  assertDocumentSize(stored.size, ref, what);
  return readStored(stored);
};

const layerOf = async (archive: Archive, name: string, diffId: Digest, ref: string): Promise<OciLayer> => {
  const stored = fileOf(archive, name, ref);
  const compression = await compressionAt(stored);
  let digest = diffId;
  if (compression !== 'none') {
    // The archive says what the unpacked bytes must be; this only pins what was found.
    const hash = createHash('sha256');
    for await (const chunk of streamStored(stored)) hash.update(chunk);
    digest = Digest.parse(`sha256:${hash.digest('hex')}`);
  }
  const expected = { digest, size: stored.size };
  return {
    ...expected,
    mediaType: MEDIA_TYPES[compression],
    compression,
    diffId,
    open: async () => checkedStream(streamStored(stored), expected, ref),
  };
};

/**
 * Images that `docker save` or `podman save` wrote, in any of their forms. There is no manifest with a digest in them,
 * so an image is known by the digest of its config.
 */
export const openDockerArchive = async (file: string, tag: string | undefined, ref: string) => {
  const archive = await openArchive(file, ref);
  const list = archive.find('manifest.json');
  if (list === undefined)
    throw failure(
      'COMPONENT_INVALID',
      ref,
      'the archive holds no manifest.json, so docker save did not write it' +
        (archive.find('index.json') === undefined
          ? ''
          : '; it is a tar of an OCI layout: use oci-archive:PATH'),
    );
  const images = imagesOfTag(
    parseJson(await readDocument(list, ref, 'manifest.json'), z.array(SavedImage), ref, 'manifest.json'),
    tag,
    ref,
  );
  const parsed = await Promise.all(
    images.map(async (image) => {
      const stored = fileOf(archive, image.Config, ref);
      const bytes = await readDocument(stored, ref, 'config');
      const digest = digestOf(bytes);
      const named = digestInName(image.Config);
      if (named !== undefined && named !== digest)
        throw mismatch(ref, { digest: named, size: stored.size }, digest);
      return { digest, config: parseJson(bytes, ImageConfig, ref, 'config'), layers: image.Layers ?? [] };
    }),
  );

  return {
    image: async (arch: Arch): Promise<OciImage> => {
      const found = bestOf(parsed, ({ config }) => config, arch);
      if (found === undefined) {
        const platforms = parsed.map(({ config }) => formatPlatform(config));
        throw failure(
          'COMPONENT_NOT_FOUND',
          ref,
          `there is no image for linux/${arch}; there are ${platforms.join(', ')}`,
          { details: { arch, platforms } },
        );
      }
      const { digest, config, layers } = found;
      const diffIds = config.rootfs.diff_ids;
      if (diffIds.length !== layers.length)
        throw failure(
          'COMPONENT_INVALID',
          ref,
          `manifest.json and config differ in the number of layers: ${layers.length} and ${diffIds.length}`,
        );
      return {
        ref,
        digest,
        config,
        layers: await Promise.all(
          diffIds.map(async (diffId, index) => layerOf(archive, layers[index] ?? '', diffId, ref)),
        ),
        annotations: {},
      };
    },
  };
};
