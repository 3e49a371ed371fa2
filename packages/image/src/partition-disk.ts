import { uuidOf } from '@slipway/sbom';
import type { Run } from './disk-runs.ts';
import { gptOf } from './gpt.ts';

const MIB = 1024 * 1024;

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

export type PartitionedDisk = {
  readonly layout: readonly (Partition & Place)[];
  /** bytes */
  readonly size: number;
  /** the table, before the partitions and behind them */
  readonly start: Run & { readonly content: Buffer };
  readonly end: Run;
};

/**
 * Plans a disk with a GUID partition table: the partitions behind one another from 1 MiB on, and 1 MiB behind them for the
 * second table.
 *
 * @param owner what identifiers are made of: the class, or the name of the image
 * @param room bytes behind the partitions that belong to none
 */
export const partitionDisk = (owner: string, partitions: readonly Partition[], room = 0): PartitionedDisk => {
  let next = MIB;
  const layout = partitions.map((partition) => {
    const offset = next;
    next += Math.ceil(partition.size / MIB) * MIB;
    return { ...partition, offset, size: next - offset };
  });
  const size = next + Math.ceil(room / MIB) * MIB + MIB;
  const { start, end } = gptOf(
    uuidOf(`disk ${owner}`),
    size,
    layout.map((partition) => ({ ...partition, id: uuidOf(`partition ${partition.name} ${owner}`) })),
  );
  return { layout, size, start: { at: 0, content: start }, end: { at: size - end.length, content: end } };
};
