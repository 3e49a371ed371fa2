import type { Digest } from '@slipway/protocol';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf, hexOf } from '../digest.ts';
import { REF_NAME, type Descriptor, type LayerCompression } from '../oci-schema.ts';
import { makeTar } from './tar.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar';

export type TestImage = {
  readonly architecture: string;
  readonly variant?: string;
  /** text of the one file of each layer, lowest first */
  readonly layers: readonly { readonly text: string; readonly compression: LayerCompression }[];
};

export type TestLayout = {
  readonly path: string;
  /** of the index */
  readonly digest: Digest;
  /** of the manifests, in the order of the images */
  readonly manifests: readonly Digest[];
  readonly layers: readonly (readonly Descriptor[])[];
  readonly put: (mediaType: string, bytes: Uint8Array | string) => Promise<Descriptor>;
};

export const layerTar = (text: string): Buffer => makeTar([{ name: 'file', content: text }]);

const packed = (tar: Buffer, compression: LayerCompression): Buffer =>
  compression === 'gzip' ? gzipSync(tar) : compression === 'zstd' ? zstdCompressSync(tar) : tar;

/** Two platforms and every compression that Docker's schema 2 knows too. */
export const TWO_PLATFORMS: readonly TestImage[] = ['amd64', 'arm64'].map((architecture) => ({
  architecture,
  ...(architecture === 'arm64' ? { variant: 'v8' } : {}),
  layers: [
    { text: 'base', compression: 'gzip' },
    { text: `on top, for ${architecture} ${'.'.repeat(5000)}`, compression: 'gzip' },
  ],
}));

/** Writes an OCI layout with one index under one tag. */
export const makeLayout = async (
  path: string,
  images: readonly TestImage[],
  tag: string | undefined = '1.0',
): Promise<TestLayout> => {
  const folder = join(path, 'blobs', 'sha256');
  await mkdir(folder, { recursive: true });
  const put: TestLayout['put'] = async (mediaType, bytes) => {
    const digest = digestOf(bytes);
    await writeFile(join(folder, hexOf(digest)), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  };
  const layers: Descriptor[][] = [];
  const manifests: Descriptor[] = [];
  for (const image of images) {
    const tars = image.layers.map(({ text }) => layerTar(text));
    const blobs: Descriptor[] = [];
    for (const [index, { compression }] of image.layers.entries())
      blobs.push(
        await put(
          compression === 'none' ? LAYER : `${LAYER}+${compression}`,
          packed(tars[index] ?? Buffer.alloc(0), compression),
        ),
      );
    layers.push(blobs);
    const platform = {
      architecture: image.architecture,
      os: 'linux',
      ...(image.variant === undefined ? {} : { variant: image.variant }),
    };
    const config = await put(
      'application/vnd.oci.image.config.v1+json',
      JSON.stringify({
        ...platform,
        config: { Cmd: ['/file'], Labels: { for: image.architecture } },
        rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
      }),
    );
    const manifest = await put(
      'application/vnd.oci.image.manifest.v1+json',
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config,
        layers: blobs,
        annotations: { of: image.architecture },
      }),
    );
    manifests.push({ ...manifest, platform });
  }
  const index = await put(
    'application/vnd.oci.image.index.v1+json',
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests,
    }),
  );
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(path, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...index, ...(tag === undefined ? {} : { annotations: { [REF_NAME]: tag } }) }],
    }),
  );
  return { path, digest: index.digest, manifests: manifests.map(({ digest }) => digest), layers, put };
};
