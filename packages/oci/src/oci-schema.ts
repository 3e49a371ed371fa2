import { Digest } from '@slipway/protocol';
import { z } from 'zod';
import { OciConfig } from './oci-config.ts';

/** OCI image specification 1.1, as far as Slipway reads it; docker's schema 2 names are accepted beside OCI's. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;
export const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

export type LayerCompression = 'none' | 'gzip' | 'zstd';

export const LAYER_COMPRESSION: Readonly<Record<string, LayerCompression>> = {
  'application/vnd.oci.image.layer.v1.tar': 'none',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd': 'zstd',
};

/** Go writes an empty map or list as null. */
const annotations = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? undefined)
  .optional();

export const Platform = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
});
export type Platform = z.infer<typeof Platform>;

export const Descriptor = z.object({
  mediaType: z.string(),
  digest: Digest,
  size: z.int().min(0),
  platform: Platform.optional(),
  annotations,
});
export type Descriptor = z.infer<typeof Descriptor>;

export const Index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(Descriptor),
  annotations,
});
export type Index = z.infer<typeof Index>;

export const Manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: Descriptor,
  layers: z.array(Descriptor),
  annotations,
});
export type Manifest = z.infer<typeof Manifest>;

export const ImageConfig = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  config: OciConfig.nullish(),
  rootfs: z.object({ diff_ids: z.array(Digest) }),
  /** what was done to make it; only told to people, so that what makes no sense is nothing */
  history: z
    .array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() }))
    .nullish()
    .catch(undefined),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

export const REF_NAME = 'org.opencontainers.image.ref.name';
export const VERSION_LABEL = 'org.opencontainers.image.version';
