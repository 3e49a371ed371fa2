import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { efiNames, SlipwayError } from '@slipway/protocol';
import { makeDataPartition } from '../../data-partition.ts';
import { runPieces, type Run } from '../../disk-runs.ts';
import { fatPartition } from '../../esp.ts';
import { GENERATED_MTIME } from '../../linuxkit/generated.ts';
import { DATA_TYPE, ESP_TYPE, partitionDisk } from '../../partition-disk.ts';
import { efiImage } from '../efi-image.ts';
import { leastEspBytes } from '../efi-partition.ts';
import type { DiskFormat } from '../format-names.ts';
import type { OutputInput, WriteOutput } from '../output.ts';
import { writeUnhashed } from '../write-file.ts';
import { RAW_SUFFIX, writeDiskFormat } from './disk-formats.ts';
import { readSparseDisk } from './sparse-disk.ts';

const MIB = 1024 * 1024;

const formatMiB = (bytes: number): string => `${Math.ceil(bytes / MIB)}M`;

const tooSmall = (what: string, least: number, found: number): SlipwayError =>
  new SlipwayError(
    'USAGE',
    `--size: expected at least ${formatMiB(least)} for ${what}, found ${formatMiB(found)}; raise it, or leave it out`,
    { details: { least, found } },
  );

const espSize = (needed: number, asked: number | undefined): number => {
  const least = leastEspBytes(needed, 'disk');
  if (asked !== undefined && asked < least) throw tooSmall('the EFI system partition', least, asked);
  return asked ?? least;
};

/**
 * A disk that firmware starts: an EFI system partition with the whole image as one program, as LinuxKit's; and a partition
 * for data where a size is given.
 *
 * @throws {SlipwayError} OUTPUT_UNSUPPORTED, ARCH_UNSUPPORTED, USAGE of sizes, TOOL_MISSING, TOOL_FAILED
 */
const makeEfiDisk = async (input: OutputInput, path: string, format: string): Promise<void> => {
  const { name, arch, staging, sizes = {} } = input;
  const program = join(staging.folder, 'image.efi');
  const size = await writeUnhashed(program, await efiImage(input, format));
  const esp = { name: 'esp', size: espSize(size, sizes.esp), type: ESP_TYPE };
  const data = sizes.data === undefined ? [] : [{ name: 'data', size: sizes.data, type: DATA_TYPE }];
  const least = esp.size + (sizes.data ?? 0) + 2 * MIB;
  const room = (sizes.disk ?? least) - least;
  if (room < 0) throw tooSmall('the whole disk', least, sizes.disk ?? 0);
  const { layout, size: diskSize, start, end } = partitionDisk(name, [esp, ...data], room);
  const runs: Run[] = [start];
  for (const place of layout)
    if (place.name === 'data') {
      const file = join(staging.folder, 'data.img');
      await makeDataPartition(file, place.size, name, GENERATED_MTIME);
      runs.push({ at: place.offset, content: { file, offset: 0, size: place.size } });
    } else
      runs.push(
        ...fatPartition(
          place,
          [{ path: efiNames(arch).firstFile, content: { file: program, offset: 0, size } }],
          { label: 'ESP', deviceClass: name, time: GENERATED_MTIME },
        ),
      );
  await writeUnhashed(path, runPieces([...runs, end], diskSize), { sparse: true });
};

/** The disk of an image in one of its formats; the first of several makes it. */
export const efiDisk =
  (format: DiskFormat): WriteOutput =>
  async (input) => {
    const path = join(input.staging.folder, `${input.name}${RAW_SUFFIX}`);
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) await makeEfiDisk(input, path, format);
    return [await writeDiskFormat(format, { ...input, path, disk: await readSparseDisk(path) })];
  };
