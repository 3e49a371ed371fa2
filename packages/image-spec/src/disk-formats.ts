/** The disk of an image in the words of different machines, named as LinuxKit names them. */
export const DISK_FORMATS = ['raw-efi', 'qcow2-efi', 'vmdk', 'vhd', 'dynamic-vhd', 'gcp', 'aws'] as const;
export type DiskFormat = (typeof DISK_FORMATS)[number];

export const isDiskFormat = (format: string): format is DiskFormat =>
  DISK_FORMATS.some((known) => known === format);
