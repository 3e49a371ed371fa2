import { posix } from 'node:path';
import { contentSize, type Piece } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import type { Run } from '../disk-runs.ts';
import { ATTRIBUTES, ENTRY_BYTES, entryCount, namedEntries, shortEntry } from './entries.ts';
import { fatNames, type FatName } from './names.ts';

const MIB = 1024 * 1024;
const SECTOR = 512;
const RESERVED_SECTORS = 32;
const INFO_SECTOR = 1;
const BACKUP_SECTOR = 6;
const FATS = 2;
const FIRST_CLUSTER = 2;
const MEDIA = 0xf8;
const END_OF_CHAIN = 0x0fff_ffff;
/** With fewer it is FAT12 or FAT16 to firmware, whatever its first sector says. */
const LEAST_CLUSTERS = 65_525;
/** The field of a file's size has 32 bits. */
const MOST_FILE_BYTES = 0xffff_ffff;
const MOST_FOLDER_ENTRIES = 65_536;

export type FatFile = { readonly path: string; readonly content: Piece };

export type FatOptions = {
  /** where the partition lies on its disk, and how large it is: bytes, whole sectors */
  readonly offset: number;
  readonly size: number;
  /** at most eleven capital letters */
  readonly label: string;
  readonly volumeId: number;
  /** seconds, of everything in it */
  readonly time: number;
};

type Geometry = {
  readonly sectors: number;
  readonly clusterSectors: number;
  readonly fatSectors: number;
  readonly clusters: number;
};

/** The firmware believes the count of clusters: small ones for a small partition. */
const geometryOf = (size: number): Geometry => {
  const sectors = Math.floor(size / SECTOR);
  const clusterSectors = size < 512 * MIB ? 1 : 8;
  const room = sectors - RESERVED_SECTORS;
  const perFatSector = SECTOR / 4;
  // Each sector of a table tells of so many clusters; the first two numbers stand for none.
  const fatSectors = Math.ceil(
    (room + FIRST_CLUSTER * clusterSectors) / (perFatSector * clusterSectors + FATS),
  );
  return {
    sectors,
    clusterSectors,
    fatSectors,
    clusters: Math.floor((room - FATS * fatSectors) / clusterSectors),
  };
};

const bootSector = (
  { sectors, clusterSectors, fatSectors }: Geometry,
  { offset, label, volumeId }: FatOptions,
): Buffer => {
  const sector = Buffer.alloc(SECTOR);
  sector.set([0xeb, 0x58, 0x90]);
  sector.write('SLIPWAY ', 3, 'latin1');
  sector.writeUInt16LE(SECTOR, 11);
  sector.writeUInt8(clusterSectors, 13);
  sector.writeUInt16LE(RESERVED_SECTORS, 14);
  sector.writeUInt8(FATS, 16);
  sector.writeUInt8(MEDIA, 21);
  // Sectors of a track and heads, which nobody asks for on a disk that counts sectors.
  sector.writeUInt16LE(63, 24);
  sector.writeUInt16LE(255, 26);
  sector.writeUInt32LE(offset / SECTOR, 28);
  sector.writeUInt32LE(sectors, 32);
  sector.writeUInt32LE(fatSectors, 36);
  sector.writeUInt32LE(FIRST_CLUSTER, 44);
  sector.writeUInt16LE(INFO_SECTOR, 48);
  sector.writeUInt16LE(BACKUP_SECTOR, 50);
  sector.writeUInt8(0x80, 64);
  sector.writeUInt8(0x29, 66);
  sector.writeUInt32LE(volumeId, 67);
  sector.write(`${label.padEnd(11)}FAT32   `, 71, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
};

const infoSector = (free: number, next: number): Buffer => {
  const sector = Buffer.alloc(SECTOR);
  sector.write('RRaA', 0, 'latin1');
  sector.write('rrAa', 484, 'latin1');
  sector.writeUInt32LE(free, 488);
  sector.writeUInt32LE(next, 492);
  sector.writeUInt32LE(0xaa55_0000, 508);
  return sector;
};

type Folder = { readonly path: string; readonly entries: { name: string; file?: Piece; folder?: Folder }[] };

const checkGeometry = ({ clusters }: Geometry, { label, size }: FatOptions): void => {
  if (clusters < LEAST_CLUSTERS)
    throw new SlipwayError(
      'BUILD_FAILED',
      `expected room for ${LEAST_CLUSTERS} clusters in the FAT partition ${label}, by which firmware knows FAT32, found ${clusters} in ${Math.floor(size / MIB)} MiB; make it 33 MiB or larger`,
    );
};

const checkFile = (path: string, size: number): void => {
  if (size > MOST_FILE_BYTES)
    throw new SlipwayError(
      'BUILD_FAILED',
      `${path}: expected at most ${MOST_FILE_BYTES} bytes, the most that a file of a FAT can have, found ${size}`,
    );
};

const checkFolder = (path: string, entries: number): void => {
  if (entries > MOST_FOLDER_ENTRIES)
    throw new SlipwayError(
      'BUILD_FAILED',
      `${path === '.' ? 'the root' : path}: expected at most ${MOST_FOLDER_ENTRIES} entries, the most that a folder of a FAT can have, found ${entries}; a long name takes several`,
    );
};

/** Folders of files, each after the one it is in; the first is the root. */
const foldersOf = (files: readonly FatFile[]): Folder[] => {
  const folders = new Map<string, Folder>();
  const folderAt = (path: string): Folder => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const folder: Folder = { path, entries: [] };
    if (path !== '.') folderAt(posix.dirname(path)).entries.push({ name: posix.basename(path), folder });
    folders.set(path, folder);
    return folder;
  };
  folderAt('.');
  for (const { path, content } of files)
    folderAt(posix.dirname(path)).entries.push({ name: posix.basename(path), file: content });
  return [...folders.values()];
};

/** Clusters in runs behind one another, as nothing was ever removed. */
const createChains = ({ clusters, clusterSectors }: Geometry, label: string) => {
  const bytes = clusterSectors * SECTOR;
  const table = [0x0fff_ff00 | MEDIA, END_OF_CHAIN];
  return {
    table,
    /** @returns the first cluster, 0 of what is empty */
    take(size: number): number {
      const count = Math.ceil(size / bytes);
      if (count === 0) return 0;
      const first = table.length;
      if (first + count > clusters + FIRST_CLUSTER)
        throw new SlipwayError(
          'BUILD_FAILED',
          `expected the files of the FAT partition ${label} to fit into ${Math.floor((clusters * bytes) / MIB)} MiB, found more; make it larger`,
        );
      for (let cluster = first + 1; cluster < first + count; cluster += 1) table.push(cluster);
      table.push(END_OF_CHAIN);
      return first;
    },
  };
};

const tableBytes = (table: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(Math.ceil((table.length * 4) / SECTOR) * SECTOR);
  for (const [cluster, next] of table.entries()) bytes.writeUInt32LE(next, cluster * 4);
  return bytes;
};

/**
 * A FAT32 file system with files in it, as runs of the disk that its partition is on: the same files give the same bytes.
 *
 * @param files in the order in which their data is to lie
 * @throws {SlipwayError} BUILD_FAILED if they do not fit, a FAT cannot hold their names, sizes or number, or the partition is
 *   too small to be FAT32
 * @see Microsoft's FAT32 File System Specification; names of more than 8 + 3 characters as in its section on long names
 */
export const fatRuns = (files: readonly FatFile[], options: FatOptions): Run[] => {
  const { offset, label, time } = options;
  const geometry = geometryOf(options.size);
  checkGeometry(geometry, options);
  const { clusterSectors, fatSectors, clusters } = geometry;
  const clusterBytes = clusterSectors * SECTOR;
  const chains = createChains(geometry, label);
  const data = offset + (RESERVED_SECTORS + FATS * fatSectors) * SECTOR;
  const placeOf = (cluster: number): number => data + (cluster - FIRST_CLUSTER) * clusterBytes;

  const folders = foldersOf(files).map((folder) => {
    const names = fatNames(folder.entries.map(({ name }) => name));
    // Two more: the label in the root, itself and its parent in others.
    const count = names.reduce((sum, name) => sum + entryCount(name), folder.path === '.' ? 1 : 2);
    checkFolder(folder.path, count);
    const cluster = chains.take(count * ENTRY_BYTES);
    return { folder, names, cluster };
  });
  const clusterOf = new Map(folders.map(({ folder, cluster }) => [folder.path, cluster]));
  const contents: Run[] = [];
  const directories = folders.map(({ folder, names, cluster }): Run => {
    const entryOf = (name: FatName, index: number): Buffer[] => {
      const { file, folder: below } = folder.entries[index] ?? {};
      if (file === undefined)
        return namedEntries(name, ATTRIBUTES.directory, {
          cluster: clusterOf.get(below?.path ?? '') ?? 0,
          size: 0,
          time,
        });
      const size = contentSize(file);
      checkFile(posix.join(folder.path, folder.entries[index]?.name ?? ''), size);
      const first = chains.take(size);
      if (size > 0) contents.push({ at: placeOf(first), content: file });
      return namedEntries(name, ATTRIBUTES.file, { cluster: first, size, time });
    };
    const parent = posix.dirname(folder.path);
    // By the specification 0 stands for the root here.
    const up = parent === '.' ? 0 : (clusterOf.get(parent) ?? 0);
    const own =
      folder.path === '.'
        ? [shortEntry(label.padEnd(11), ATTRIBUTES.label, { cluster: 0, size: 0, time })]
        : [
            shortEntry('.'.padEnd(11), ATTRIBUTES.directory, { cluster, size: 0, time }),
            shortEntry('..'.padEnd(11), ATTRIBUTES.directory, { cluster: up, size: 0, time }),
          ];
    return { at: placeOf(cluster), content: Buffer.concat([...own, ...names.flatMap(entryOf)]) };
  });

  const used = chains.table.length - FIRST_CLUSTER;
  const boot = bootSector(geometry, options);
  const info = infoSector(clusters - used, chains.table.length);
  const table = tableBytes(chains.table);
  const fat = (number: number): Run => ({
    at: offset + (RESERVED_SECTORS + number * fatSectors) * SECTOR,
    content: table,
  });
  return [
    { at: offset, content: Buffer.concat([boot, info]) },
    { at: offset + BACKUP_SECTOR * SECTOR, content: Buffer.concat([boot, info]) },
    fat(0),
    fat(1),
    ...directories,
    ...contents,
  ];
};
