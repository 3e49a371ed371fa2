/**
 * From components to what a device starts: the root tree with its containers and init, the initramfs, erofs with its
 * dm-verity tree, the UKI, the disk image and the SBOM. Called by the builder and the CLI. No code of a component runs
 * here, and nothing needs root.
 */
export { assembleImage, buildImage, type BuildOptions } from './build.ts';
export type { ContainerPart, Parts } from './parts.ts';
export { peSections } from './pe.ts';
