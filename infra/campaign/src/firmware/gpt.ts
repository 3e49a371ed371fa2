import type { Disk } from '../block/overlay-disk.ts';

export type Place = { readonly name: string; readonly offset: number; readonly size: number };

const SECTOR = 512;

/**
 * Partitions of a disk. The table is written in the factory and never again, so a plain reader will do.
 *
 * @throws where there is no GUID partition table
 */
export const partitionsOf = (disk: Disk): ReadonlyMap<string, Place> => {
  const header = disk.read(SECTOR, SECTOR);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') throw new Error('the disk has no GUID partition table');
  const count = header.readUInt32LE(80);
  const entryBytes = header.readUInt32LE(84);
  const table = disk.read(Number(header.readBigUInt64LE(72)) * SECTOR, count * entryBytes);
  const places = new Map<string, Place>();
  for (let index = 0; index < count; index++) {
    const entry = table.subarray(index * entryBytes, (index + 1) * entryBytes);
    const name = entry.toString('utf16le', 56, 128).replace(/\0.*$/s, '');
    const first = Number(entry.readBigUInt64LE(32));
    const last = Number(entry.readBigUInt64LE(40));
    if (name !== '') places.set(name, { name, offset: first * SECTOR, size: (last - first + 1) * SECTOR });
  }
  return places;
};

/** @throws where there is no such partition */
export const placeOf = (places: ReadonlyMap<string, Place>, name: string): Place => {
  const place = places.get(name);
  if (place === undefined) throw new Error(`the disk has no partition ${name}`);
  return place;
};
