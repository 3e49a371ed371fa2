import { ARCHITECTURES, Digest, type Arch } from '@slipway/protocol';
import { Index, REF_NAME, type Descriptor, type OciImage } from '@slipway/oci';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Component } from '../component.ts';
import { digestOf } from '../digest.ts';
import { writeOciLayout } from '../oci-writer.ts';
import { ORIGINS_LABEL } from '../origin.ts';

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
/** Engines find the image of a layout by it. */
const TAG = 'base';

type Images = readonly { readonly arch: Arch; readonly image: OciImage }[];

/**
 * Writes images as an OCI layout for an engine. Layers stay as they are stored; how containers start is what Slipway
 * knows of it, so that no instruction hides in a base image (`ONBUILD`).
 */
const writeImages = async (folder: string, images: Images): Promise<void> => {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const pathOf = (digest: string): string => join(blobs, digest.slice('sha256:'.length));
  const write = async (mediaType: string, value: unknown): Promise<Descriptor> => {
    const bytes = JSON.stringify(value);
    const digest = digestOf(bytes);
    await writeFile(pathOf(digest), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  };
  const manifests: Descriptor[] = [];
  for (const { arch, image } of images) {
    for (const layer of image.layers) {
      const there = await stat(pathOf(layer.digest)).catch(() => undefined);
      // The stream is checked; what broke off stays in scratch, which goes.
      if (there === undefined) await pipeline(await layer.open(), createWriteStream(pathOf(layer.digest)));
    }
    const config = await write(CONFIG, {
      ...image.config,
      ...ARCHITECTURES[arch].oci,
      rootfs: { type: 'layers', ...image.config.rootfs },
    });
    const layers = image.layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
    const manifest = await write(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers });
    manifests.push({ ...manifest, platform: { ...ARCHITECTURES[arch].oci, os: 'linux' } });
  }
  const index = await write(INDEX_TYPE, { schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations: { [REF_NAME]: TAG } }] }),
  );
};

/** A set of Debian packages as an image of one layer, which tells what it is made of. */
const writePackages = (
  folder: string,
  sets: readonly { readonly arch: Arch; readonly component: Component }[],
): Promise<void> =>
  writeOciLayout(folder, {
    tag: TAG,
    platforms: sets.map(({ arch, component: { tree, config, origins } }) => ({
      arch,
      layers: [tree],
      config: { ...config, Labels: { ...config.Labels, [ORIGINS_LABEL]: JSON.stringify(origins) } },
    })),
  });

/** What a base image is: of a registry or a layout, or packages. */
export type BaseSource =
  { readonly arch: Arch; readonly image: OciImage } | { readonly arch: Arch; readonly component: Component };

/** @returns the digest of the index that lists its platforms */
export const writeBase = async (folder: string, sources: readonly BaseSource[]): Promise<Digest> => {
  const images = sources.filter((source) => 'image' in source);
  if (images.length > 0) await writeImages(folder, images);
  else
    await writePackages(
      folder,
      sources.filter((source) => 'component' in source),
    );
  const { manifests } = Index.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
  return Digest.parse(manifests[0]?.digest);
};
