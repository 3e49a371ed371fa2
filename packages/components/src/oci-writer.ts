import { ARCHITECTURES, Digest, type Arch } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { digestOf } from './digest.ts';
import type { OciConfig } from '@slipway/oci';
import { REF_NAME, type Descriptor } from '@slipway/oci';
import { encodeTar } from './tar-writer.ts';
import type { Tree } from './tree.ts';

export type PlatformImage = {
  readonly arch: Arch;
  /** lowest first */
  readonly layers: readonly Tree[];
  readonly config: OciConfig;
};

/** JSON with sorted keys, so that the same content has the same digest. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/**
 * Writes a multi-platform image as an OCI layout. The layout appears whole or not at all; the same input gives the
 * same bytes. An existing layout at `directory` is replaced.
 */
export const writeOciLayout = async (
  directory: string,
  image: { readonly tag: string; readonly platforms: readonly PlatformImage[] },
): Promise<void> => {
  const staging = join(dirname(directory), `.${basename(directory)}.${process.pid}.${Date.now()}.tmp`);
  const blobs = join(staging, 'blobs', 'sha256');
  const writeBlob = async (mediaType: string, bytes: Uint8Array | string): Promise<Descriptor> => {
    const digest = digestOf(bytes);
    await writeFile(join(blobs, digest.slice('sha256:'.length)), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  };
  /** As it streams: a layer may be larger than memory. */
  const writeLayer = async (layer: Tree): Promise<{ diffId: string; descriptor: Descriptor }> => {
    const temporary = join(staging, 'layer');
    const [plain, packed] = [createHash('sha256'), createHash('sha256')];
    let size = 0;
    await pipeline(
      encodeTar(layer),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          plain.update(chunk);
          yield chunk;
        }
      },
      createGzip({ level: 9 }),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          packed.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(temporary),
    );
    const digest = Digest.parse(`sha256:${packed.digest('hex')}`);
    await rename(temporary, join(blobs, digest.slice('sha256:'.length)));
    return {
      diffId: `sha256:${plain.digest('hex')}`,
      descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size },
    };
  };
  const writePlatform = async ({ arch, layers, config }: PlatformImage): Promise<Descriptor> => {
    const platform = { ...ARCHITECTURES[arch].oci, os: 'linux' };
    const diffIds: string[] = [];
    const descriptors: Descriptor[] = [];
    for (const layer of layers) {
      const { diffId, descriptor } = await writeLayer(layer);
      diffIds.push(diffId);
      descriptors.push(descriptor);
    }
    const configBlob = await writeBlob(
      'application/vnd.oci.image.config.v1+json',
      canonical({ ...platform, config, rootfs: { type: 'layers', diff_ids: diffIds } }),
    );
    const manifest = await writeBlob(
      'application/vnd.oci.image.manifest.v1+json',
      canonical({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: configBlob,
        layers: descriptors,
      }),
    );
    return { ...manifest, platform };
  };

  await mkdir(blobs, { recursive: true });
  try {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const manifests: Descriptor[] = [];
    for (const platform of image.platforms) manifests.push(await writePlatform(platform));
    const index = await writeBlob(mediaType, canonical({ schemaVersion: 2, mediaType, manifests }));
    await writeFile(join(staging, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(
      join(staging, 'index.json'),
      canonical({
        schemaVersion: 2,
        mediaType,
        manifests: [{ ...index, annotations: { [REF_NAME]: image.tag } }],
      }),
    );
    const old = `${staging}.old`;
    await rename(directory, old).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
    await rename(staging, directory);
    await rm(old, { recursive: true, force: true });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
};
