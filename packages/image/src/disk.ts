import { rm } from 'node:fs/promises';
import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { makeDataPartition } from './data-partition.ts';
import { runPieces } from './disk-runs.ts';
import { espPartition, fatPartition } from './esp.ts';
import type { FatFile } from './fat/fat32.ts';
import { putHybridMbr } from './hybrid-mbr.ts';
import { writePieces, type WrittenFile } from './outputs/write-file.ts';
import { DATA_TYPE, ESP_TYPE, partitionDisk } from './partition-disk.ts';

const MIB = 1024 * 1024;
/** Microsoft's "basic data": any FAT. */
const BOOT_TYPE = 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7';

export type DiskInput = {
  /** must not exist, nor `path.data` */
  readonly path: string;
  readonly arch: Arch;
  readonly deviceClass: string;
  /** bytes */
  readonly sizes: { readonly esp: number; readonly root: number; readonly data: number };
  readonly espFiles: readonly FatFile[];
  /** of a board whose firmware starts each slot from a partition of its own */
  readonly bootFiles?: Readonly<Record<'a' | 'b', readonly FatFile[]>> | undefined;
  readonly root: { readonly file: string; readonly size: number };
  /** seconds; the time of every file system */
  readonly time: number;
};

/** Room for the firmware of all models of a Raspberry Pi, and as much again. */
const BOOT_BYTES = 64 * MIB;
const BOOT_PARTITIONS = { a: 'boot-a', b: 'boot-b' } as const;

/**
 * Makes the disk image of a new device: `esp` with boot loader and slot a, `root-a` with the root, `root-b` empty, `data`
 * an empty ext4; `boot-a` and `boot-b` right behind the ESP for a board that needs them. Identifiers and times are fixed by
 * the class and the release, so the same input gives the same bytes. What is zero is a hole of the file.
 *
 * @throws {SlipwayError} BUILD_FAILED, TOOL_MISSING, TOOL_FAILED
 */
export const makeDisk = async (input: DiskInput): Promise<WrittenFile> => {
  const { path, deviceClass, sizes, bootFiles, root, time } = input;
  const rootType = ARCHITECTURES[input.arch].rootPartition;
  const bootPartitions = bootFiles === undefined ? [] : Object.values(BOOT_PARTITIONS);
  const { layout, size, start, end } = partitionDisk(deviceClass, [
    { name: 'esp', size: sizes.esp, type: ESP_TYPE },
    ...bootPartitions.map((name) => ({ name, size: BOOT_BYTES, type: BOOT_TYPE })),
    { name: 'root-a', size: sizes.root, type: rootType, isReadOnly: true },
    { name: 'root-b', size: sizes.root, type: rootType, isReadOnly: true },
    { name: 'data', size: sizes.data, type: DATA_TYPE },
  ]);
  const place = (name: string) => {
    const found = layout.find((partition) => partition.name === name);
    if (found === undefined) throw new SlipwayError('INTERNAL', `no partition ${name}`);
    return found;
  };
  const boot = (slot: 'a' | 'b') => {
    const name = BOOT_PARTITIONS[slot];
    const files = bootFiles?.[slot];
    return files === undefined
      ? []
      : fatPartition(place(name), files, { label: name.toUpperCase(), deviceClass, time });
  };
  if (bootFiles !== undefined) putHybridMbr(start.content, ['esp', ...bootPartitions].map(place));
  const data = place('data');
  const dataFile = `${path}.data`;
  await makeDataPartition(dataFile, data.size, deviceClass, time);
  const runs = [
    start,
    ...espPartition(place('esp'), input.espFiles, { deviceClass, time }),
    ...boot('a'),
    ...boot('b'),
    { at: place('root-a').offset, content: { ...root, offset: 0 } },
    { at: data.offset, content: { file: dataFile, offset: 0, size: data.size } },
    end,
  ];
  const written = await writePieces(path, runPieces(runs, size), { sparse: true });
  await rm(dataFile);
  return written;
};
