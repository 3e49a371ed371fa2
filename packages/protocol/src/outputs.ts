import { z } from 'zod';

/** What may be made of the image of a device class: its disk in several formats, and the bundle. */
export const OutputFormat = z.enum([
  'disk',
  'raw-efi',
  'qcow2-efi',
  'vmdk',
  'vhd',
  'dynamic-vhd',
  'gcp',
  'aws',
  'bundle',
]);
export type OutputFormat = z.infer<typeof OutputFormat>;

export const DiskArtifact = z.enum([
  'disk.img',
  'disk.qcow2',
  'disk.vmdk',
  'disk.vhd',
  'disk-dynamic.vhd',
  'disk.img.tar.gz',
  'disk.raw',
]);
export type DiskArtifact = z.infer<typeof DiskArtifact>;

/** What disks are called in the artifact store; what is the same content has one name. */
export const DISK_ARTIFACTS = {
  disk: 'disk.img',
  'raw-efi': 'disk.img',
  'qcow2-efi': 'disk.qcow2',
  vmdk: 'disk.vmdk',
  vhd: 'disk.vhd',
  'dynamic-vhd': 'disk-dynamic.vhd',
  gcp: 'disk.img.tar.gz',
  aws: 'disk.raw',
} as const satisfies Readonly<Record<Exclude<OutputFormat, 'bundle'>, DiskArtifact>>;

/** The bundle among the artifacts of a release. */
export const BUNDLE_ARTIFACT = 'bundle.tar';

/** The name of a format among artifacts. */
export const artifactOfFormat = (format: OutputFormat): DiskArtifact | typeof BUNDLE_ARTIFACT =>
  format === 'bundle' ? BUNDLE_ARTIFACT : DISK_ARTIFACTS[format];

/** @returns undefined for what every build has, whatever the class names */
export const formatOfArtifact = (name: string): OutputFormat | undefined =>
  OutputFormat.options.find((format) => artifactOfFormat(format) === name);

/** A file of a release as it is saved elsewhere: those of two classes or versions have two names. */
export const savedName = (
  { deviceClass, version }: { readonly deviceClass: string; readonly version: string },
  name: string,
): string => `${deviceClass}-${version}${name.replace(/^(?:disk|bundle)/, '')}`;
