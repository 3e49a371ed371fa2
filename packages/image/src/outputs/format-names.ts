import { DISK_FORMATS, isDiskFormat, type DiskFormat } from '@slipway/image-spec/disk-formats';

export { DISK_FORMATS, isDiskFormat, type DiskFormat };

/** Formats of `slipway build`, named as LinuxKit names them; written, described and listed in this order. */
export const FORMATS = [
  'tar',
  'kernel+initrd',
  'tar-kernel-initrd',
  'kernel+squashfs',
  'kernel+erofs',
  'iso-efi',
  ...DISK_FORMATS,
  'docker',
  'oci',
] as const;
export type Format = (typeof FORMATS)[number];

/** Of several files, which a single path cannot name. */
const SEVERAL_FILES = new Set<string>([
  'kernel+initrd',
  'kernel+squashfs',
  'kernel+erofs',
] satisfies Format[]);

export const isOneFile = (format: string): boolean => !SEVERAL_FILES.has(format);
