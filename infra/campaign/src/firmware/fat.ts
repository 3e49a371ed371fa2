import type { Disk } from '../block/overlay-disk.ts';

/** Files of a FAT32 file system, and what is wrong with its chains. Paths as they were written, without a first slash. */
export type FatContent = {
  readonly files: ReadonlyMap<string, Buffer>;
  /** what a firmware or a kernel may stumble over; lost clusters are none of it */
  readonly faults: readonly string[];
};

const ENTRY = 32;
const ATTRIBUTE = { label: 0x08, directory: 0x10, longName: 0x0f } as const;
const DELETED = 0xe5;
const END_OF_CHAIN = 0x0fff_fff8;
const MAX_DEPTH = 8;

type Entry = {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly cluster: number;
  readonly size: number;
};

const shortName = (entry: Buffer): string => {
  const lower = entry.readUInt8(12);
  const base = entry.toString('latin1', 0, 8).trimEnd();
  const extension = entry.toString('latin1', 8, 11).trimEnd();
  const [left, right] = [
    (lower & 0x08) === 0 ? base : base.toLowerCase(),
    (lower & 0x10) === 0 ? extension : extension.toLowerCase(),
  ];
  return right === '' ? left : `${left}.${right}`;
};

/** The 13 characters of a part of a long name. */
const longPart = (entry: Buffer): string =>
  (
    entry.toString('utf16le', 1, 11) +
    entry.toString('utf16le', 14, 26) +
    entry.toString('utf16le', 28, 32)
  ).replace(/[\0\uffff].*$/s, '');

const entriesOf = (directory: Buffer): Entry[] => {
  const entries: Entry[] = [];
  let long = '';
  for (let at = 0; at + ENTRY <= directory.length; at += ENTRY) {
    const raw = directory.subarray(at, at + ENTRY);
    const first = raw.readUInt8(0);
    if (first === 0) break;
    const attributes = raw.readUInt8(11);
    if (first !== DELETED && (attributes & 0x3f) === ATTRIBUTE.longName) {
      long = longPart(raw) + ((first & 0x40) === 0 ? long : '');
      continue;
    }
    if (first !== DELETED && (attributes & ATTRIBUTE.label) === 0) {
      const name = long === '' ? shortName(raw) : long;
      if (name !== '.' && name !== '..')
        entries.push({
          name,
          isDirectory: (attributes & ATTRIBUTE.directory) !== 0,
          cluster: raw.readUInt16LE(20) * 0x1_0000 + raw.readUInt16LE(26),
          size: raw.readUInt32LE(28),
        });
    }
    long = '';
  }
  return entries;
};

/**
 * Reads every file of a FAT32 file system as a firmware does: by its first table.
 *
 * @throws where there is no FAT32 file system
 * @see "FAT: General Overview of On-Disk Format", version 1.03
 */
export const readFat = (disk: Disk): FatContent => {
  const boot = disk.read(0, 512);
  const sectorBytes = boot.readUInt16LE(11);
  const clusterBytes = boot.readUInt8(13) * sectorBytes;
  const tableBytes = boot.readUInt32LE(36) * sectorBytes;
  const tableAt = boot.readUInt16LE(14) * sectorBytes;
  const dataAt = tableAt + boot.readUInt8(16) * tableBytes;
  if (
    boot.readUInt16LE(510) !== 0xaa55 ||
    clusterBytes === 0 ||
    tableBytes === 0 ||
    boot.readUInt16LE(22) !== 0
  )
    throw new Error('expected a FAT32 file system, found another first sector');
  const table = disk.read(tableAt, tableBytes);
  const used = new Uint8Array(tableBytes / 4);
  const files = new Map<string, Buffer>();
  const faults: string[] = [];

  const readChain = (path: string, start: number): Buffer => {
    const parts: Buffer[] = [];
    let [from, count] = [start, 0];
    const cut = (): void => {
      if (count > 0) parts.push(disk.read(dataAt + (from - 2) * clusterBytes, count * clusterBytes));
    };
    for (let cluster = start; ;) {
      if (cluster < 2 || cluster >= used.length) {
        faults.push(`${path}: its chain leads to cluster ${cluster}`);
        break;
      }
      if (used[cluster] === 1) {
        faults.push(`${path}: cluster ${cluster} belongs to two files`);
        break;
      }
      used[cluster] = 1;
      if (cluster !== from + count) {
        cut();
        [from, count] = [cluster, 0];
      }
      count++;
      const next = table.readUInt32LE(cluster * 4) & 0x0fff_ffff;
      if (next >= END_OF_CHAIN) break;
      cluster = next;
    }
    cut();
    return Buffer.concat(parts);
  };

  const walk = (path: string, cluster: number, depth: number): void => {
    for (const entry of entriesOf(readChain(path === '' ? '/' : path, cluster))) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory) {
        if (depth < MAX_DEPTH) walk(name, entry.cluster, depth + 1);
        continue;
      }
      const bytes = entry.cluster === 0 ? Buffer.alloc(0) : readChain(name, entry.cluster);
      if (bytes.length < entry.size)
        faults.push(`${name}: ${entry.size} bytes, its chain holds ${bytes.length}`);
      files.set(name, bytes.subarray(0, entry.size));
    }
  };
  walk('', boot.readUInt32LE(44), 0);
  return { files, faults };
};

/** Names on FAT are alike whatever their case. */
export const fileAt = (content: FatContent, path: string): Buffer | undefined => {
  const wanted = path.toLowerCase();
  for (const [name, bytes] of content.files) if (name.toLowerCase() === wanted) return bytes;
  return undefined;
};
