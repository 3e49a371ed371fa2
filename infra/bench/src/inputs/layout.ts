import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Image, Layer } from './images.ts';
import { tarParts } from './tar.ts';

/** A layer as it lies in a layout. */
export type Blob = {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly uncompressed: number;
  readonly entries: number;
};

const counted = () => {
  const hash = createHash('sha256');
  let size = 0;
  const stream = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, result: () => ({ digest: hash.digest('hex'), size }) };
};

/** Compressed as Docker does; at most one file of it is in memory. */
export const writeLayer = async (layer: Layer, folder: string): Promise<Blob> => {
  const file = join(folder, `${layer.name}.tar.gz`);
  const entries = layer.entries();
  const [plain, packed] = [counted(), counted()];
  await pipeline(
    Readable.from(tarParts(entries)),
    plain.stream,
    createGzip({ level: 6 }),
    packed.stream,
    createWriteStream(file),
  );
  const [inner, outer] = [plain.result(), packed.result()];
  return {
    file,
    digest: outer.digest,
    size: outer.size,
    diffId: inner.digest,
    uncompressed: inner.size,
    entries: entries.length,
  };
};

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

/**
 * Writes an image of one platform as an OCI layout, named twice: by tag for readers of layouts, and as
 * `linuxkit cache import` wants it.
 */
export const writeLayout = async (
  layout: string,
  image: Image,
  arch: 'amd64' | 'arm64',
  blobs: readonly Blob[],
): Promise<void> => {
  const staging = `${layout}.tmp`;
  await rm(staging, { recursive: true, force: true });
  const folder = join(staging, 'blobs', 'sha256');
  await mkdir(folder, { recursive: true });
  const json = async (mediaType: string, value: object): Promise<Descriptor> => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(folder, digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  for (const blob of blobs) await copyFile(blob.file, join(folder, blob.digest));
  const type = (name: string): string => `application/vnd.oci.image.${name}`;
  const config = await json(type('config.v1+json'), {
    architecture: arch,
    os: 'linux',
    config: {
      ...(image.command.length === 0 ? {} : { Entrypoint: image.command }),
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Labels: { 'org.mobyproject.config': JSON.stringify(image.label) },
    },
    rootfs: { type: 'layers', diff_ids: blobs.map(({ diffId }) => `sha256:${diffId}`) },
  });
  const mediaType = type('manifest.v1+json');
  const layers = blobs.map(({ digest, size }) => ({
    mediaType: type('layer.v1.tar+gzip'),
    digest: `sha256:${digest}`,
    size,
  }));
  const manifest = await json(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const indexType = type('index.v1+json');
  const platform = { architecture: arch, os: 'linux' };
  const index = await json(indexType, {
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [{ ...manifest, platform }],
  });
  const annotations = {
    'org.opencontainers.image.ref.name': image.tag,
    'io.containerd.image.name': `docker.io/bench/${image.name}:${image.tag}`,
  };
  await writeFile(join(staging, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(staging, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [{ ...index, annotations }] }),
  );
  await rm(layout, { recursive: true, force: true });
  await rename(staging, layout);
};
