import { SECTOR } from './gpt.ts';

const TABLE = 446;
const ENTRY = 16;
const PROTECTIVE = 0xee;
const FAT32_LBA = 0x0c;
/** Cylinder, head and sector of whoever cannot be told by them. */
const NO_CHS = [0xfe, 0xff, 0xff] as const;

const entry = (type: number, first: number, sectors: number): Buffer => {
  const bytes = Buffer.alloc(ENTRY);
  bytes.set([0, ...NO_CHS, type, ...NO_CHS]);
  bytes.writeUInt32LE(first, 8);
  bytes.writeUInt32LE(sectors, 12);
  return bytes;
};

/**
 * Names up to three FAT partitions of a GPT disk in its MBR as well, under the same numbers, for firmware that reads one or
 * the other: some of the Raspberry Pi's does. The fourth entry covers the GPT itself, by which Linux and U-Boot know it.
 *
 * @param start of the disk; changed
 * @param partitions the first ones of the disk; bytes
 */
export const putHybridMbr = (
  start: Buffer,
  partitions: readonly { readonly offset: number; readonly size: number }[],
): void => {
  const first = Math.min(...partitions.map(({ offset }) => offset)) / SECTOR;
  const entries = partitions.map(({ offset, size }) => entry(FAT32_LBA, offset / SECTOR, size / SECTOR));
  const empty = Array.from({ length: 3 - entries.length }, () => Buffer.alloc(ENTRY));
  Buffer.concat([...entries, ...empty, entry(PROTECTIVE, 1, first - 1)]).copy(start, TABLE);
};
