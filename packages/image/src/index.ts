/**
 * From components to what a device starts: the root tree with its containers and init, the initramfs, erofs with its
 * dm-verity tree, the UKI, the disk image and the SBOM. Called by the builder and the CLI. No code of a component runs
 * here, and nothing needs root.
 */
export { buildLocal, type LocalBuildOptions, type LocalBuildResult } from './build-local.ts';
export { referencesOf, type SpecComponents } from './local-components.ts';
export { DISK_FORMATS, FORMATS, isDiskFormat, type DiskFormat, type Format } from './outputs/format-names.ts';
export { convertDisk } from './outputs/disk/disk-formats.ts';
export { readSparseDisk, type SparseDisk } from './outputs/disk/sparse-disk.ts';
export { parseFormat, type OutputFile } from './outputs/formats.ts';
export type { DescribeOptions, DescriptionFile } from './describe/describe-build.ts';
export { assertNoFolder, ownFolder } from './outputs/staging.ts';
export { writePieces } from './outputs/write-file.ts';
export { withCancellation } from '@slipway/components';
export { buildClass, newestOf, type ClassBuild, type ClassBuildOptions } from './build-class.ts';
export { createSharedWork, type SharedWork } from './shared-work.ts';
export { assembleImage, buildImage, type BuildOptions } from './build.ts';
export type { ContainerPart, Parts } from './parts.ts';
export { dockerfileBuildsOf, type DockerfileBuilds } from '@slipway/components';
export { dockerfileBases } from './describe/dockerfile-facts.ts';
export { needsNode, systemPackages } from './system-packages.ts';
export { kernelFilesOf, type StartableArchive } from './startable/kernel-files.ts';
export { type BundleDisk, makeBundleDisk } from './startable/bundle-disk.ts';
export { peSections } from './pe.ts';
export { grubConfig, GRUB_CONFIG_PATH } from './boot/grub-config.ts';
export { firstAutoboot } from './boot/raspberry-pi.ts';
export { trybootScript } from './boot/tryboot-script.ts';
export { uBootScript } from './boot/u-boot-script.ts';
export { TOOL_VERSION } from './tool-version.ts';
