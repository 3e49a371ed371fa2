import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  archiveOrder,
  chunksOf,
  tarPieces,
  type Content,
  type Piece,
  type Tree,
  type TreeEntry,
} from '@slipway/components';
import { ARCHITECTURES, type Arch, type Digest } from '@slipway/protocol';
import { gzipSegments, segment } from './gzip-segments.ts';
import { writePieces } from './write-file.ts';

/** What starts an image as a container: LinuxKit's init without a kernel of its own. */
const ENTRYPOINT = ['/bin/rc.init'];

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const hexOf = (digest: string): string => digest.slice('sha256:'.length);

type Blob = { readonly content: Content; readonly digest: string; readonly size: number };

const blob = (content: Buffer): Blob => ({ content, digest: digestOf(content), size: content.length });

const entry = (path: string, content: Content | undefined): TreeEntry => {
  const meta = { path, uid: 0, gid: 0, mtime: 0, source: 'slipway' };
  return content === undefined
    ? { ...meta, type: 'directory', mode: 0o755 }
    : { ...meta, type: 'file', mode: 0o644, content };
};

const descriptor = (mediaType: string, { digest, size }: Blob) => ({ mediaType, digest, size });

export type ImageArchive = {
  readonly tree: Tree;
  readonly arch: Arch;
  /** `NAME:TAG` that the image gets when it is loaded */
  readonly reference: string;
  /** scratch, where layers are kept until the archive is written */
  readonly scratch: string;
  readonly cacheDir: string;
};

const imageConfig = (arch: Arch, diffId: Digest | string): Buffer =>
  json({
    ...ARCHITECTURES[arch].oci,
    config: { Entrypoint: ENTRYPOINT },
    history: [{ created_by: 'slipway build' }],
    os: 'linux',
    rootfs: { diff_ids: [diffId], type: 'layers' },
  });

const layerPieces = (tree: Tree): Iterable<Piece> => tarPieces(archiveOrder(tree));

/** Blobs, index and marker of an OCI layout. */
const layoutEntries = (
  config: Blob,
  layer: Blob & { readonly mediaType: string },
  arch: Arch,
  reference: string,
): TreeEntry[] => {
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [descriptor(layer.mediaType, layer)],
    }),
  );
  const tag = reference.slice(reference.lastIndexOf(':') + 1);
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        platform: { ...ARCHITECTURES[arch].oci, os: 'linux' },
        annotations: {
          'io.containerd.image.name': `docker.io/library/${reference}`,
          'org.opencontainers.image.ref.name': tag,
        },
      },
    ],
  });
  return [
    entry('blobs', undefined),
    entry('blobs/sha256', undefined),
    ...[config, layer, manifest].map(({ digest, content }) =>
      entry(`blobs/sha256/${hexOf(digest)}`, content),
    ),
    entry('index.json', index),
    entry('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
  ];
};

/** An archive that `docker load` takes; it is an OCI archive too, with an uncompressed layer. */
export const dockerArchive = async (input: ImageArchive): Promise<Iterable<Piece>> => {
  const file = join(input.scratch, 'docker-layer.tar');
  const { size, digest } = await writePieces(file, layerPieces(input.tree));
  const layer = { content: { file, offset: 0, size }, digest, size };
  const config = blob(imageConfig(input.arch, digest));
  const manifest = json([
    {
      Config: `blobs/sha256/${hexOf(config.digest)}`,
      RepoTags: [input.reference],
      Layers: [`blobs/sha256/${hexOf(digest)}`],
    },
  ]);
  return tarPieces([
    ...layoutEntries(
      config,
      { ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar' },
      input.arch,
      input.reference,
    ),
    entry('manifest.json', manifest),
  ]);
};

/** An OCI archive: an image layout in a tar, its layer compressed with gzip. */
export const ociArchive = async (input: ImageArchive): Promise<Iterable<Piece>> => {
  const pieces = [...layerPieces(input.tree)];
  const plain = createHash('sha256');
  for (const chunk of chunksOf(pieces, { reuse: true })) plain.update(chunk);
  const diffId = `sha256:${plain.digest('hex')}`;
  const file = join(input.scratch, 'oci-layer.tar.gz');
  const { size, digest } = await writePieces(file, await gzipSegments([segment(pieces)], input.cacheDir));
  const layer = { content: { file, offset: 0, size }, digest, size };
  return tarPieces(
    layoutEntries(
      blob(imageConfig(input.arch, diffId)),
      { ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
      input.arch,
      input.reference,
    ),
  );
};
