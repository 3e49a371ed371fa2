import { deflateSync } from 'node:zlib';
import { readContent, type Piece } from '@slipway/components';
import { BLOCK_BYTES, rangePieces, usedGroups, type SparseDisk } from './sparse-disk.ts';

const SECTOR = 512;
/** What is compressed at a time; every reader takes this size, the one that VMware writes. */
const GRAIN_BYTES = BLOCK_BYTES;
const GRAINS_PER_TABLE = 512;
const TABLE_BYTES = GRAINS_PER_TABLE * 4;
/** Newlines are as they were written; grains are compressed; everything has a marker. */
const FLAGS = 0x0003_0001;
const DEFLATE = 1;
const DESCRIPTOR_SECTORS = 20;
/** Where the first grain begins, in sectors. */
const OVERHEAD = 128;
/** The directory of a stream comes at its end; the footer tells where. */
const AT_END = 0xffff_ffff_ffff_ffffn;

const MARKER = { end: 0, table: 1, directory: 2, footer: 3 } as const;

const header = (sectors: number, directoryAt: bigint): Buffer => {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('KDMV');
  bytes.writeUInt32LE(3, 4);
  bytes.writeUInt32LE(FLAGS, 8);
  bytes.writeBigUInt64LE(BigInt(sectors), 12);
  bytes.writeBigUInt64LE(BigInt(GRAIN_BYTES / SECTOR), 20);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  bytes.writeUInt32LE(GRAINS_PER_TABLE, 44);
  bytes.writeBigUInt64LE(directoryAt, 56);
  bytes.writeBigUInt64LE(BigInt(OVERHEAD), 64);
  bytes.write('\n \r\n', 73);
  bytes.writeUInt16LE(DEFLATE, 77);
  return bytes;
};

const descriptor = (sectors: number, identity: Buffer, name: string): Buffer => {
  const [heads, perTrack] = [255, 63];
  const bytes = Buffer.alloc(OVERHEAD * SECTOR - SECTOR);
  bytes.write(
    [
      '# Disk DescriptorFile',
      'version=1',
      `CID=${identity.toString('hex', 0, 4)}`,
      'parentCID=ffffffff',
      'createType="streamOptimized"',
      '',
      '# Extent description',
      `RW ${sectors} SPARSE "${name}"`,
      '',
      '# The Disk Data Base',
      '#DDB',
      '',
      'ddb.adapterType = "lsilogic"',
      `ddb.geometry.cylinders = "${Math.floor(sectors / heads / perTrack)}"`,
      `ddb.geometry.heads = "${heads}"`,
      `ddb.geometry.sectors = "${perTrack}"`,
      'ddb.virtualHWVersion = "4"',
      '',
    ].join('\n'),
  );
  return bytes;
};

/** Announces what follows it, in sectors. */
const marker = (type: number, sectors: number): Buffer => {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(type, 12);
  return bytes;
};

/** What goes in, in bytes. */
export const vmdkBytes = (disk: SparseDisk): number => usedGroups(disk, GRAIN_BYTES).length * GRAIN_BYTES;

const inSectors = (bytes: number): number => Math.ceil(bytes / SECTOR);

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(inSectors(bytes.length) * SECTOR - bytes.length)]);

const grain = (disk: SparseDisk, at: number): Buffer => {
  const bytes = Buffer.concat([...rangePieces(disk, at, GRAIN_BYTES)].map(readContent));
  const compressed = deflateSync(bytes);
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(at / SECTOR), 0);
  head.writeUInt32LE(compressed.length, 8);
  return padded(Buffer.concat([head, compressed]));
};

/**
 * A streamOptimized VMDK, which vSphere, VirtualBox and importers of clouds take: grains that hold anything, compressed,
 * each group before its table, and the directory of the tables last.
 *
 * @param name of the file, which the descriptor in it repeats
 * @param took told of each grain how many bytes went in
 * @see VMware's "Virtual Disk Format 5.0"
 */
export const vmdkPieces = function* (
  disk: SparseDisk,
  name: string,
  took?: (bytes: number) => void,
): Generator<Piece> {
  const sectors = disk.size / SECTOR;
  const tableSpan = GRAINS_PER_TABLE * GRAIN_BYTES;
  const directory = Buffer.alloc(Math.ceil(disk.size / tableSpan) * 4);
  yield header(sectors, AT_END);
  yield descriptor(sectors, disk.identity, name);
  let place = OVERHEAD;
  const byTable = Map.groupBy(usedGroups(disk, GRAIN_BYTES), (at) => Math.floor(at / tableSpan));
  for (const [index, grains] of byTable) {
    const table = Buffer.alloc(TABLE_BYTES);
    for (const at of grains) {
      const bytes = grain(disk, at);
      table.writeUInt32LE(place, ((at % tableSpan) / GRAIN_BYTES) * 4);
      yield bytes;
      took?.(GRAIN_BYTES);
      place += bytes.length / SECTOR;
    }
    yield marker(MARKER.table, inSectors(TABLE_BYTES));
    yield table;
    directory.writeUInt32LE(place + 1, index * 4);
    place += 1 + inSectors(TABLE_BYTES);
  }
  yield marker(MARKER.directory, inSectors(directory.length));
  yield padded(directory);
  yield marker(MARKER.footer, 1);
  yield header(sectors, BigInt(place + 1));
  yield marker(MARKER.end, 0);
};
