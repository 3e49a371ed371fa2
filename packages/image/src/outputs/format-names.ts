/** Formats of `slipway build`, named as LinuxKit names them; written, described and listed in this order. */
export const FORMATS = [
  'tar',
  'kernel+initrd',
  'tar-kernel-initrd',
  'kernel+squashfs',
  'kernel+erofs',
  'iso-efi',
  'raw-efi',
  'qcow2-efi',
  'vmdk',
  'vhd',
  'dynamic-vhd',
  'gcp',
  'aws',
  'docker',
  'oci',
] as const;
export type Format = (typeof FORMATS)[number];

/** The disk of an image in the words of different machines. */
export const DISK_FORMATS = [
  'raw-efi',
  'qcow2-efi',
  'vmdk',
  'vhd',
  'dynamic-vhd',
  'gcp',
  'aws',
] as const satisfies Format[];
export type DiskFormat = (typeof DISK_FORMATS)[number];

export const isDiskFormat = (format: string): format is DiskFormat =>
  DISK_FORMATS.some((known) => known === format);

/** Of several files, which a single path cannot name. */
const SEVERAL_FILES = new Set<string>([
  'kernel+initrd',
  'kernel+squashfs',
  'kernel+erofs',
] satisfies Format[]);

export const isOneFile = (format: string): boolean => !SEVERAL_FILES.has(format);
