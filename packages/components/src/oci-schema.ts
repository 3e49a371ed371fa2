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

export const LAYER_COMPRESSION: Readonly<Record<string, 'none' | 'gzip' | 'zstd'>> = {
  'application/vnd.oci.image.layer.v1.tar': 'none',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
};

export const Platform = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
});

export const Descriptor = z.object({
  mediaType: z.string(),
  digest: Digest,
  size: z.int().min(0),
  platform: Platform.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

export const Index = z.object({ schemaVersion: z.literal(2), manifests: z.array(Descriptor) });
export const Manifest = z.object({
  schemaVersion: z.literal(2),
  config: Descriptor,
  layers: z.array(Descriptor),
});
export const ImageConfig = z.object({
  architecture: z.string(),
  os: z.string(),
  config: OciConfig.nullish(),
  rootfs: z.object({ diff_ids: z.array(Digest) }),
});

export const REF_NAME = 'org.opencontainers.image.ref.name';
export const VERSION_LABEL = 'org.opencontainers.image.version';
