/**
 * Images from where they lie: OCI layouts and archives, `docker save` archives, registries. Used by the builder and the
 * CLI; believes nothing that it has not checked against a digest, except what a tag points at.
 */
export type { OciImage, OciLayer, OpenOptions, ResolvedImage, ResolveOptions } from './image.ts';
export { formatLocation, type ImageLocation, type RegistryLocation } from './location.ts';
export { OciConfig } from './oci-config.ts';
export {
  Descriptor,
  ImageConfig,
  Index,
  INDEX_TYPES,
  LAYER_COMPRESSION,
  Manifest,
  MANIFEST_TYPES,
  REF_NAME,
  VERSION_LABEL,
  type LayerCompression,
} from './oci-schema.ts';
export { openImage } from './open-image.ts';
export { loadRegistries, type LoadOptions, type Registries } from './registries.ts';
export { resolveImage } from './resolve-image.ts';
export { createUnpackLimit, type UnpackLimit } from './unpack-limit.ts';
