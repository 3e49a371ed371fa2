import { rm, truncate, writeFile } from 'node:fs/promises';
import { uuidOf } from '@slipway/sbom';
import { runTool } from './tool.ts';

const MIB = 1024 * 1024;
const SECTOR = 512;

export const ESP_TYPE = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
/** What belongs to `/var`, by the discoverable partitions specification. */
export const DATA_TYPE = '4d21b016-b534-45c2-a9fb-5c16e091fd2d';

export type Partition = {
  readonly name: string;
  /** bytes; rounded up to whole MiB */
  readonly size: number;
  readonly type: string;
  readonly isReadOnly?: boolean;
};

/** Bytes, from the start of the disk. */
export type Place = { readonly offset: number; readonly size: number };

/**
 * Makes an empty disk image with a GUID partition table: the partitions behind one another from 1 MiB on, and 1 MiB behind
 * them for the second table.
 *
 * @param owner what identifiers are made of: the class, or the name of the image
 * @param room bytes behind the partitions that belong to none
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const partitionDisk = async (
  path: string,
  owner: string,
  partitions: readonly Partition[],
  room = 0,
): Promise<(Partition & Place)[]> => {
  let next = MIB;
  const layout = partitions.map((partition) => {
    const offset = next;
    next += Math.ceil(partition.size / MIB) * MIB;
    return { ...partition, offset, size: next - offset };
  });
  await rm(path, { force: true });
  await writeFile(path, '');
  await truncate(path, next + Math.ceil(room / MIB) * MIB + MIB);
  // One call: sgdisk with -q would do nothing and still succeed.
  await runTool('sgdisk', [
    '--clear',
    `--disk-guid=${uuidOf(`disk ${owner}`)}`,
    ...layout.flatMap(({ name, offset, size, type, isReadOnly }, index) => {
      const number = index + 1;
      return [
        `--new=${number}:${offset / SECTOR}:${(offset + size) / SECTOR - 1}`,
        `--typecode=${number}:${type}`,
        `--change-name=${number}:${name}`,
        `--partition-guid=${number}:${uuidOf(`partition ${name} ${owner}`)}`,
        ...(isReadOnly === true ? [`--attributes=${number}:set:60`] : []),
      ];
    }),
    path,
  ]);
  return layout;
};
