import { copyFile, open, readFile } from 'node:fs/promises';

/** One write that reached the disk, as the loader made it. */
export type LoggedWrite = { readonly offset: number; readonly bytes: Buffer };

const SECTOR = 512;
const FLAGS_WITHOUT_DATA = 1n | 4n | 8n; // flush, discard, mark

/** Arguments for a disk whose writes QEMU keeps in a log beside it; the device is for the caller to add. */
export const loggedDrive = (disk: string, log: string): string[] => [
  '-blockdev',
  [
    'driver=blklogwrites,node-name=disk',
    `file.driver=file,file.filename=${disk}`,
    `log.driver=file,log.filename=${log}`,
    `log-sector-size=${SECTOR}`,
  ].join(','),
];

/**
 * Reads the log of QEMU's `blklogwrites`, which is that of the kernel's dm-log-writes: a super block, then for each write
 * a sector that describes it and its data. A machine that is killed has not written the super block, so entries are read
 * as long as there are any.
 */
export const readWrites = async (log: string): Promise<readonly LoggedWrite[]> => {
  const bytes = await readFile(log);
  const writes: LoggedWrite[] = [];
  for (let at = SECTOR; at + SECTOR <= bytes.length;) {
    const sector = Number(bytes.readBigUInt64LE(at));
    const length = Number(bytes.readBigUInt64LE(at + 8)) * SECTOR;
    const flags = bytes.readBigUInt64LE(at + 16);
    if (length === 0 && flags === 0n) break;
    at += SECTOR;
    if ((flags & FLAGS_WITHOUT_DATA) !== 0n) continue;
    writes.push({ offset: sector * SECTOR, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return writes;
};

/** The sectors of all writes, in their order: what a disk writes whole or not at all. */
export const sectorsOf = (writes: readonly LoggedWrite[]): readonly LoggedWrite[] =>
  writes.flatMap(({ offset, bytes }) =>
    Array.from({ length: bytes.length / SECTOR }, (_, index) => ({
      offset: offset + index * SECTOR,
      bytes: bytes.subarray(index * SECTOR, (index + 1) * SECTOR),
    })),
  );

/** The disk as a cut leaves it: what was there, and these writes. */
export const materialise = async (
  before: string,
  writes: readonly LoggedWrite[],
  after: string,
): Promise<void> => {
  await copyFile(before, after);
  await using file = await open(after, 'r+');
  for (const { offset, bytes } of writes) await file.write(bytes, 0, bytes.length, offset);
};
