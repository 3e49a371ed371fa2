import { crc32 } from 'node:zlib';
import { readContent } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { BLOCK_BYTES, rangePieces, runsBetween, type SparseDisk } from './sparse-disk.ts';

const SECTOR = 512;
/** Of both tables: 128 entries of 128 bytes. */
const ENTRIES_BYTES = 128 * 128;
const MBR_SIZE = 446 + 12;

/** Fields of the header, in bytes. */
const HEADER = { size: 12, crc: 16, own: 24, other: 32, lastUsable: 48, entries: 72 } as const;

const sealed = (header: Buffer): Buffer => {
  const size = header.readUInt32LE(HEADER.size);
  header.writeUInt32LE(0, HEADER.crc);
  header.writeUInt32LE(crc32(header.subarray(0, size)), HEADER.crc);
  return header;
};

const firstBlock = (disk: SparseDisk): Buffer =>
  Buffer.concat([...rangePieces(disk, 0, BLOCK_BYTES)].map(readContent));

/**
 * The same disk with more room at its end, where the second partition table goes: firmware and tools expect it in the very
 * last sectors. Partitions stay as they are.
 *
 * @param unit bytes; the new size is a multiple of it
 * @see UEFI specification, "GUID Partition Table Format"
 */
export const growDisk = (disk: SparseDisk, unit: number): SparseDisk => {
  const size = Math.ceil(disk.size / unit) * unit;
  if (size === disk.size) return disk;
  const start = firstBlock(disk);
  if (start.toString('latin1', SECTOR, SECTOR + 8) !== 'EFI PART')
    throw new SlipwayError('INTERNAL', 'expected a disk with a GUID partition table');
  const sectors = size / SECTOR;
  start.writeUInt32LE(Math.min(sectors - 1, 0xffff_ffff), MBR_SIZE);
  const primary = start.subarray(SECTOR, 2 * SECTOR);
  const entriesAt = sectors - 1 - ENTRIES_BYTES / SECTOR;
  primary.writeBigUInt64LE(BigInt(sectors - 1), HEADER.other);
  primary.writeBigUInt64LE(BigInt(entriesAt - 1), HEADER.lastUsable);
  sealed(primary);

  const end = Buffer.alloc(BLOCK_BYTES);
  start.copy(end, BLOCK_BYTES - SECTOR - ENTRIES_BYTES, 2 * SECTOR, 2 * SECTOR + ENTRIES_BYTES);
  const backup = end.subarray(BLOCK_BYTES - SECTOR);
  primary.copy(backup);
  backup.writeBigUInt64LE(BigInt(sectors - 1), HEADER.own);
  backup.writeBigUInt64LE(1n, HEADER.other);
  backup.writeBigUInt64LE(BigInt(entriesAt), HEADER.entries);
  sealed(backup);

  // The old second table has the last block of the disk to itself.
  const kept = runsBetween(disk, BLOCK_BYTES, disk.size - BLOCK_BYTES);
  return {
    size,
    runs: [{ at: 0, content: start }, ...kept, { at: size - BLOCK_BYTES, content: end }],
    identity: disk.identity,
  };
};
