import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { SlipwayError } from '@slipway/protocol';

export type Partition = {
  readonly name: string;
  /** bytes */
  readonly offset: number;
  /** bytes */
  readonly size: number;
  /** type GUID, lower case */
  readonly type: string;
  readonly guid: string;
};

const SECTOR = 512;
const HEADER_BYTES = 92;
const EMPTY = '00000000-0000-0000-0000-000000000000';

/** The first three groups of a GUID are stored little-endian. */
const guid = (bytes: Buffer): string => {
  const hex = (part: Buffer) => part.toString('hex');
  const swapped = (from: number, to: number) => hex(Buffer.from(bytes.subarray(from, to)).reverse());
  return [
    swapped(0, 4),
    swapped(4, 6),
    swapped(6, 8),
    hex(bytes.subarray(8, 10)),
    hex(bytes.subarray(10, 16)),
  ].join('-');
};

/**
 * Reads the partition table of a disk image, in the order of the table.
 *
 * @throws {SlipwayError} VM_FAILED if there is no valid GPT
 * @see the UEFI specification, 5.3 "GUID Partition Table"
 */
export const readGpt = async (diskPath: string): Promise<Partition[]> => {
  const invalid = (found: string) =>
    new SlipwayError(
      'VM_FAILED',
      `${diskPath}: expected a GUID partition table, found ${found}; build the disk again`,
    );
  await using file = await open(diskPath, 'r');
  const read = async (position: number, length: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    if (bytesRead < length) throw invalid('the end of the file');
    return buffer;
  };
  const header = await read(SECTOR, HEADER_BYTES);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') throw invalid('no signature in its second sector');
  const headerCrc = header.readUInt32LE(16);
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== headerCrc) throw invalid('a header with a wrong checksum');
  const count = header.readUInt32LE(80);
  const entryBytes = header.readUInt32LE(84);
  if (entryBytes < 128 || count * entryBytes > 1024 * 1024) throw invalid('entries of an odd size');
  const table = await read(Number(header.readBigUInt64LE(72)) * SECTOR, count * entryBytes);
  if (crc32(table) !== header.readUInt32LE(88)) throw invalid('entries with a wrong checksum');
  return Array.from({ length: count }, (_, index) =>
    table.subarray(index * entryBytes, (index + 1) * entryBytes),
  )
    .filter((entry) => guid(entry.subarray(0, 16)) !== EMPTY)
    .map((entry) => {
      const first = Number(entry.readBigUInt64LE(32));
      const last = Number(entry.readBigUInt64LE(40));
      return {
        name: entry.toString('utf16le', 56, 128).replace(/\0.*$/s, ''),
        offset: first * SECTOR,
        size: (last - first + 1) * SECTOR,
        type: guid(entry.subarray(0, 16)),
        guid: guid(entry.subarray(16, 32)),
      };
    });
};

/** @throws {SlipwayError} VM_FAILED if the disk has no partition of that name */
export const findPartition = async (diskPath: string, name: string): Promise<Partition> => {
  const partitions = await readGpt(diskPath);
  const found = partitions.find((partition) => partition.name === name);
  if (found === undefined)
    throw new SlipwayError(
      'VM_FAILED',
      `${diskPath}: expected a partition ${name}, found ${partitions.map((partition) => partition.name).join(', ') || 'none'}`,
    );
  return found;
};
