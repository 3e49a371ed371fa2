const MIB = 1024 * 1024;

/** FAT32 begins at 65,525 clusters, of 512 bytes at least; firmware reads nothing else reliably. */
const LEAST = {
  /** as small as FAT32 goes: every byte of it is downloaded and written, and nothing is ever added to it */
  iso: 34 * MIB,
  /** a disk may be written to later, and takes no room on disk or in most formats where it is empty */
  disk: 64 * MIB,
} as const;
/** For both file allocation tables and folders. */
const FAT_ROOM = 1.05;

/** How large an EFI system partition must be, in bytes, to hold a program of this size; whole MiB. */
export const leastEspBytes = (programBytes: number, where: keyof typeof LEAST): number =>
  Math.ceil(Math.max(LEAST[where], programBytes * FAT_ROOM) / MIB) * MIB;
