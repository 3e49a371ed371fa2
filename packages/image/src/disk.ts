import { open, rm, truncate, writeFile } from 'node:fs/promises';
import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { createEsp, createFat, type EspFile } from './esp.ts';
import { writeHybridMbr } from './hybrid-mbr.ts';
import { runTool } from './tool.ts';
import { uuidOf } from '@slipway/sbom';

const MIB = 1024 * 1024;
const SECTOR = 512;

const ESP_TYPE = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
/** Microsoft's "basic data": any FAT. */
const BOOT_TYPE = 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7';
const DATA_TYPE = '4d21b016-b534-45c2-a9fb-5c16e091fd2d';

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
  let next = MIB;
  const layout = partitions.map((partition) => {
    const offset = next;
    next += Math.ceil(partition.size / MIB) * MIB;
    return { ...partition, offset, size: next - offset };
  });
  await rm(path, { force: true });
  await writeFile(path, '');
  await truncate(path, next + MIB);
  // One call: sgdisk with -q would do nothing and still succeed.
  await runTool('sgdisk', [
    '--clear',
    `--disk-guid=${uuidOf(`disk ${deviceClass}`)}`,
    ...layout.flatMap(({ name, offset, size, type, isReadOnly }, index) => {
      const number = index + 1;
      return [
        `--new=${number}:${offset / SECTOR}:${(offset + size) / SECTOR - 1}`,
        `--typecode=${number}:${type}`,
        `--change-name=${number}:${name}`,
        `--partition-guid=${number}:${uuidOf(`partition ${name} ${deviceClass}`)}`,
        ...(isReadOnly === true ? [`--attributes=${number}:set:60`] : []),
      ];
    }),
    path,
  ]);
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
  const data = place('data');
  const dataUuid = uuidOf(`data ${deviceClass}`);
  await runTool(
    'mkfs.ext4',
    [
      ['-q', '-F', '-L', 'data', '-U', dataUuid, '-m', '0'],
      [
        '-E',
        `offset=${data.offset},hash_seed=${dataUuid},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0`,
      ],
      path,
      `${data.size / 1024}k`,
    ],
    // Both spellings: which one e2fsprogs heeds depends on its version.
    { env: { SOURCE_DATE_EPOCH: String(input.time), E2FSPROGS_FAKE_TIME: String(input.time) } },
  );
};
