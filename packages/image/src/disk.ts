import { open } from 'node:fs/promises';
import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { makeDataPartition } from './data-partition.ts';
import { createEsp, createFat, type EspFile } from './esp.ts';
import { writeHybridMbr } from './hybrid-mbr.ts';
import { DATA_TYPE, ESP_TYPE, partitionDisk } from './partition-disk.ts';

const MIB = 1024 * 1024;
/** Microsoft's "basic data": any FAT. */
const BOOT_TYPE = 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7';

export type DiskInput = {
  readonly path: string;
  readonly arch: Arch;
  readonly deviceClass: string;
  /** bytes */
  readonly sizes: { readonly esp: number; readonly root: number; readonly data: number };
  readonly espFiles: readonly EspFile[];
  /** of a board whose firmware starts each slot from a partition of its own */
  readonly bootFiles?: Readonly<Record<'a' | 'b', readonly EspFile[]>> | undefined;
  readonly rootImage: string;
  /** seconds; the time of every file system */
  readonly time: number;
};

/** Room for the firmware of all models of a Raspberry Pi, and as much again. */
const BOOT_BYTES = 64 * MIB;
const BOOT_PARTITIONS = { a: 'boot-a', b: 'boot-b' } as const;

const COPY_BYTES = 4 * MIB;

/** Copies a file into the disk, leaving holes where it is zero. */
const copyInto = async (disk: string, source: string, offset: number): Promise<void> => {
  await using from = await open(source, 'r');
  await using to = await open(disk, 'r+');
  const buffer = Buffer.alloc(COPY_BYTES);
  const zero = Buffer.alloc(COPY_BYTES);
  for (let at = 0; ; at += buffer.length) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    const chunk = buffer.subarray(0, bytesRead);
    if (!chunk.equals(zero.subarray(0, bytesRead))) await to.write(chunk, 0, bytesRead, offset + at);
  }
};

/**
 * Makes the disk image of a new device: `esp` with boot loader and slot a, `root-a` with the root, `root-b` empty, `data`
 * an empty ext4; `boot-a` and `boot-b` right behind the ESP for a board that needs them. Identifiers and times are fixed by the class and the release, so the same input gives the same bytes.
 *
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const makeDisk = async (input: DiskInput): Promise<void> => {
  const { path, deviceClass, sizes } = input;
  const rootType = ARCHITECTURES[input.arch].rootPartition;
  const bootPartitions = input.bootFiles === undefined ? [] : Object.values(BOOT_PARTITIONS);
  const partitions = [
    { name: 'esp', size: sizes.esp, type: ESP_TYPE },
    ...bootPartitions.map((name) => ({ name, size: BOOT_BYTES, type: BOOT_TYPE })),
    { name: 'root-a', size: sizes.root, type: rootType, isReadOnly: true },
    { name: 'root-b', size: sizes.root, type: rootType, isReadOnly: true },
    { name: 'data', size: sizes.data, type: DATA_TYPE },
  ];
  const layout = await partitionDisk(path, deviceClass, partitions);
  const place = (name: string) => {
    const found = layout.find((partition) => partition.name === name);
    if (found === undefined) throw new SlipwayError('INTERNAL', `no partition ${name}`);
    return found;
  };
  await createEsp(path, place('esp'), input.espFiles, { deviceClass, time: input.time });
  if (input.bootFiles !== undefined) {
    for (const slot of ['a', 'b'] as const)
      await createFat(path, place(BOOT_PARTITIONS[slot]), input.bootFiles[slot], {
        label: BOOT_PARTITIONS[slot].toUpperCase(),
        deviceClass,
        time: input.time,
      });
    await writeHybridMbr(path, ['esp', ...bootPartitions].map(place));
  }
  await copyInto(path, input.rootImage, place('root-a').offset);
  await makeDataPartition(path, place('data'), deviceClass, input.time);
};
