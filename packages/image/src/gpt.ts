import { crc32 } from 'node:zlib';

export const SECTOR = 512;
const ENTRY_BYTES = 128;
const ENTRY_COUNT = 128;
/** Of both tables. */
export const ENTRIES_BYTES = ENTRY_COUNT * ENTRY_BYTES;
const ENTRIES_SECTORS = ENTRIES_BYTES / SECTOR;
/** MBR, header and entries. */
const START_SECTORS = 2 + ENTRIES_SECTORS;

/** Fields of the header, in bytes. */
const HEADER = {
  size: 12,
  crc: 16,
  own: 24,
  other: 32,
  firstUsable: 40,
  lastUsable: 48,
  disk: 56,
  entries: 72,
  count: 80,
  entrySize: 84,
  entriesCrc: 88,
} as const;
const HEADER_BYTES = 92;
const REVISION = 0x0001_0000;

const MBR = { entry: 446, type: 446 + 4, end: 446 + 5, size: 446 + 12, signature: 510 } as const;
/** Type of an entry for the whole disk. */
const WHOLE_DISK = 0xee;
/** Of such an entry, so that what knows no GPT takes no part of it for free. */
const PROTECTIVE = [0, 0, 2, 0, WHOLE_DISK, 0xff, 0xff, 0xff] as const;
const MOST_SECTORS = 0xffff_ffff;
/** What BIOSes make of a disk, for addresses by cylinder, head and sector. */
const HEADS = 255;
const SECTORS_OF_TRACK = 63;
const CYLINDERS = 1024;

/** The address of a sector by cylinder, head and sector, or of none where the disk is too large for that. */
const addressOf = (sector: number): readonly [head: number, sector: number, cylinder: number] => {
  const track = Math.floor(sector / SECTORS_OF_TRACK);
  const cylinder = Math.floor(track / HEADS);
  return cylinder < CYLINDERS
    ? [track % HEADS, (sector % SECTORS_OF_TRACK) + 1 + ((cylinder >> 8) << 6), cylinder & 0xff]
    : [0xff, 0xff, 0xff];
};

const READ_ONLY = 1n << 60n;

export type GptPartition = {
  readonly name: string;
  /** GUIDs as text */
  readonly type: string;
  readonly id: string;
  /** bytes, whole sectors */
  readonly offset: number;
  readonly size: number;
  readonly isReadOnly?: boolean;
};

/** The first three groups of a GUID lie with their last byte first. */
const guidBytes = (guid: string): Buffer => {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
};

const entriesOf = (partitions: readonly GptPartition[]): Buffer => {
  const entries = Buffer.alloc(ENTRIES_BYTES);
  for (const [index, { name, type, id, offset, size, isReadOnly }] of partitions.entries()) {
    const entry = entries.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    guidBytes(type).copy(entry, 0);
    guidBytes(id).copy(entry, 16);
    entry.writeBigUInt64LE(BigInt(offset / SECTOR), 32);
    entry.writeBigUInt64LE(BigInt((offset + size) / SECTOR - 1), 40);
    entry.writeBigUInt64LE(isReadOnly === true ? READ_ONLY : 0n, 48);
    entry.write(name, 56, 72, 'utf16le');
  }
  return entries;
};

/**
 * Puts the size of the disk into the first sector, if its first entry is the one for the whole disk: that of a hybrid MBR
 * is a partition, and stays as large as it is.
 */
export const protect = (mbr: Buffer, sectors: number): void => {
  if (mbr.readUInt8(MBR.type) !== WHOLE_DISK) return;
  mbr.set(addressOf(sectors - 1), MBR.end);
  mbr.writeUInt32LE(Math.min(sectors - 1, MOST_SECTORS), MBR.size);
};

/** Puts its checksum into a header. */
export const sealHeader = (header: Buffer): Buffer => {
  const size = header.readUInt32LE(HEADER.size);
  header.writeUInt32LE(0, HEADER.crc);
  header.writeUInt32LE(crc32(header.subarray(0, size)), HEADER.crc);
  return header;
};

/** Says in a header where on a disk of so many sectors it lies itself, and all that depends on it. */
export const placeHeader = (header: Buffer, sectors: number, which: 'first' | 'second'): Buffer => {
  const last = sectors - 1;
  const isFirst = which === 'first';
  header.writeBigUInt64LE(BigInt(isFirst ? 1 : last), HEADER.own);
  header.writeBigUInt64LE(BigInt(isFirst ? last : 1), HEADER.other);
  header.writeBigUInt64LE(BigInt(last - ENTRIES_SECTORS - 1), HEADER.lastUsable);
  header.writeBigUInt64LE(BigInt(isFirst ? 2 : last - ENTRIES_SECTORS), HEADER.entries);
  return sealHeader(header);
};

/**
 * The GUID partition table of a disk: what lies at its start, with an MBR that covers it all, and at its end.
 *
 * @param diskId GUID as text
 * @param size of the disk, bytes, whole sectors
 * @see UEFI specification, "GUID Partition Table Format"
 */
export const gptOf = (
  diskId: string,
  size: number,
  partitions: readonly GptPartition[],
): { readonly start: Buffer; readonly end: Buffer } => {
  const sectors = size / SECTOR;
  const entries = entriesOf(partitions);
  const mbr = Buffer.alloc(SECTOR);
  mbr.set(PROTECTIVE, MBR.entry);
  mbr.writeUInt32LE(1, MBR.entry + 8);
  protect(mbr, sectors);
  mbr.writeUInt16LE(0xaa55, MBR.signature);

  const header = Buffer.alloc(SECTOR);
  header.write('EFI PART', 'latin1');
  header.writeUInt32LE(REVISION, 8);
  header.writeUInt32LE(HEADER_BYTES, HEADER.size);
  header.writeBigUInt64LE(BigInt(START_SECTORS), HEADER.firstUsable);
  guidBytes(diskId).copy(header, HEADER.disk);
  header.writeUInt32LE(ENTRY_COUNT, HEADER.count);
  header.writeUInt32LE(ENTRY_BYTES, HEADER.entrySize);
  header.writeUInt32LE(crc32(entries), HEADER.entriesCrc);
  const second = placeHeader(Buffer.from(header), sectors, 'second');
  return {
    start: Buffer.concat([mbr, placeHeader(header, sectors, 'first'), entries]),
    end: Buffer.concat([entries, second]),
  };
};
