import type { Piece } from '@slipway/components';
import { diskPieces, rangePieces, usedGroups, type SparseDisk } from './sparse-disk.ts';

const SECTOR = 512;
const FOOTER_BYTES = 512;
const HEADER_BYTES = 1024;
const VERSION = 0x0001_0000;
const NOWHERE = 0xffff_ffff_ffff_ffffn;
/** What a dynamic disk gives out at a time; every reader takes this size, the one that Hyper-V writes. */
const GROUP_BYTES = 2 * 1024 * 1024;
const NO_GROUP = 0xffff_ffff;
/** One bit for each sector of a group, in whole sectors. */
const BITMAP_BYTES = GROUP_BYTES / SECTOR / 8;

const FIXED = 2;
const DYNAMIC = 3;

/** Cylinders, heads and sectors as the specification computes them; readers that go by them see a smaller disk. */
export const geometryOf = (bytes: number): { cylinders: number; heads: number; sectors: number } => {
  const total = Math.min(bytes / SECTOR, 65_535 * 16 * 255);
  if (total >= 65_535 * 16 * 63) return { cylinders: Math.floor(total / 255 / 16), heads: 16, sectors: 255 };
  let sectors = 17;
  let tracks = Math.floor(total / sectors);
  let heads = Math.max(4, Math.ceil(tracks / 1024));
  if (tracks >= heads * 1024 || heads > 16) {
    [sectors, heads] = [31, 16];
    tracks = Math.floor(total / sectors);
  }
  if (tracks >= heads * 1024) {
    [sectors, heads] = [63, 16];
    tracks = Math.floor(total / sectors);
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectors };
};

/** Puts in the ones' complement of the sum of all other bytes. */
const seal = (bytes: Buffer, at: number): Buffer => {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.writeUInt32BE(~sum >>> 0, at);
  return bytes;
};

const footer = ({ size, identity }: SparseDisk, type: typeof FIXED | typeof DYNAMIC): Buffer => {
  const bytes = Buffer.alloc(FOOTER_BYTES);
  const { cylinders, heads, sectors } = geometryOf(size);
  bytes.write('conectix');
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(VERSION, 12);
  bytes.writeBigUInt64BE(type === FIXED ? NOWHERE : BigInt(FOOTER_BYTES), 16);
  // Readers believe the size only of programs that they know to mean it, of others the geometry: so does Hyper-V call itself.
  bytes.write('win ', 28);
  bytes.writeUInt32BE(0x000a_0000, 32);
  bytes.write('Wi2k', 36);
  bytes.writeBigUInt64BE(BigInt(size), 40);
  bytes.writeBigUInt64BE(BigInt(size), 48);
  bytes.writeUInt16BE(cylinders, 56);
  bytes.writeUInt8(heads, 58);
  bytes.writeUInt8(sectors, 59);
  bytes.writeUInt32BE(type, 60);
  identity.copy(bytes, 68, 0, 16);
  return seal(bytes, 64);
};

/**
 * A VHD of fixed size: the disk as it is, with a footer.
 *
 * @see "Virtual Hard Disk Image Format Specification", version 1.0; all numbers are big-endian
 */
export const vhdPieces = function* (disk: SparseDisk): Generator<Piece> {
  yield* diskPieces(disk);
  yield footer(disk, FIXED);
};

const dynamicHeader = (groups: number): Buffer => {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write('cxsparse');
  bytes.writeBigUInt64BE(NOWHERE, 8);
  bytes.writeBigUInt64BE(BigInt(FOOTER_BYTES + HEADER_BYTES), 16);
  bytes.writeUInt32BE(VERSION, 24);
  bytes.writeUInt32BE(groups, 28);
  bytes.writeUInt32BE(GROUP_BYTES, 32);
  return seal(bytes, 36);
};

/** A VHD that holds what is used: a table of groups of 2 MiB, each after a bitmap. */
export const dynamicVhdPieces = function* (disk: SparseDisk): Generator<Piece> {
  const groups = Math.ceil(disk.size / GROUP_BYTES);
  const used = usedGroups(disk, GROUP_BYTES);
  const table = Buffer.alloc(Math.ceil((groups * 4) / SECTOR) * SECTOR, 0xff);
  const dataAt = FOOTER_BYTES + HEADER_BYTES + table.length;
  const placeOf = (index: number): number => (dataAt + index * (BITMAP_BYTES + GROUP_BYTES)) / SECTOR;
  for (let group = 0; group < groups; group++) table.writeUInt32BE(NO_GROUP, group * 4);
  for (const [index, at] of used.entries()) table.writeUInt32BE(placeOf(index), (at / GROUP_BYTES) * 4);
  yield footer(disk, DYNAMIC);
  yield dynamicHeader(groups);
  yield table;
  for (const at of used) {
    yield Buffer.alloc(BITMAP_BYTES, 0xff);
    yield* rangePieces(disk, at, GROUP_BYTES);
  }
  yield footer(disk, DYNAMIC);
};
