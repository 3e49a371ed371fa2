import { readContent } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { ENTRIES_BYTES, placeHeader, protect, SECTOR } from '../../gpt.ts';
import { BLOCK_BYTES, rangePieces, runsBetween, type SparseDisk } from './sparse-disk.ts';

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
  protect(start, sectors);
  const primary = placeHeader(start.subarray(SECTOR, 2 * SECTOR), sectors, 'first');

  const end = Buffer.alloc(BLOCK_BYTES);
  start.copy(end, BLOCK_BYTES - SECTOR - ENTRIES_BYTES, 2 * SECTOR, 2 * SECTOR + ENTRIES_BYTES);
  primary.copy(end, BLOCK_BYTES - SECTOR);
  placeHeader(end.subarray(BLOCK_BYTES - SECTOR), sectors, 'second');

  // The old second table has the last block of the disk to itself.
  const kept = runsBetween(disk, BLOCK_BYTES, disk.size - BLOCK_BYTES);
  return {
    size,
    runs: [{ at: 0, content: start }, ...kept, { at: size - BLOCK_BYTES, content: end }],
    identity: disk.identity,
  };
};
