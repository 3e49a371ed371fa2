import type { Arch } from '@slipway/protocol';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { digestOf } from './digest.ts';
import type { OciConfig } from '@slipway/oci';
import { REF_NAME, type Descriptor } from '@slipway/oci';
import { encodeTar } from './tar-writer.ts';
import type { Tree } from './tree.ts';

const compress = promisify(gzip);

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
  const writePlatform = async ({ arch, layers, config }: PlatformImage): Promise<Descriptor> => {
    const diffIds: string[] = [];
    const descriptors: Descriptor[] = [];
    for (const layer of layers) {
      const tar = Buffer.concat([...encodeTar(layer)]);
      diffIds.push(digestOf(tar));
      descriptors.push(
        await writeBlob('application/vnd.oci.image.layer.v1.tar+gzip', await compress(tar, { level: 9 })),
      );
    }
    const configBlob = await writeBlob(
      'application/vnd.oci.image.config.v1+json',
      canonical({ architecture: arch, os: 'linux', config, rootfs: { type: 'layers', diff_ids: diffIds } }),
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
    return { ...manifest, platform: { architecture: arch, os: 'linux' } };
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
