import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Piece, Tree } from '@slipway/components';
import type { Arch, Digest } from '@slipway/protocol';
import type { Staging } from './staging.ts';
import { digestFile } from '../digest-file.ts';
import { writePieces, writeUnhashed, type WriteOptions } from './write-file.ts';

/** What every format is made from. */
export type OutputInput = {
  readonly tree: Tree;
  readonly arch: Arch;
  /** of the outputs, without suffix */
  readonly name: string;
  readonly cacheDir: string;
  readonly staging: Staging;
  /** systemd's programs for UEFI, which are no part of the image itself */
  readonly efiPrograms: () => Promise<Tree>;
  readonly sizes?: DiskSizes | undefined;
  /** whether outputs are hashed while they are written; default true */
  readonly digests?: boolean | undefined;
};

/** Sizes of a disk, where they are not to follow from what is in it; bytes. */
export type DiskSizes = {
  readonly esp?: number | undefined;
  /** absent: there is no such partition */
  readonly data?: number | undefined;
  /** of the whole disk */
  readonly disk?: number | undefined;
};

export type WrittenOutput = {
  /** below the output folder */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** absent if nobody asked for it */
  readonly digest?: Digest;
};

/** Writes a format's files into the staging folder. */
export type WriteOutput = (input: OutputInput) => Promise<WrittenOutput[]>;

/** Writes an output into the staging folder under the name it will have. */
export const writeOutput = async (
  { staging, name, digests = true }: Pick<OutputInput, 'staging' | 'name' | 'digests'>,
  suffix: string,
  pieces: Iterable<Piece>,
  options: WriteOptions = {},
): Promise<WrittenOutput> => {
  const file = `${name}${suffix}`;
  const temporary = join(staging.folder, file);
  const written = digests
    ? await writePieces(temporary, pieces, options)
    : { size: await writeUnhashed(temporary, pieces, options) };
  staging.add(temporary, file);
  return { name: file, ...written };
};

/** The same for a file that formats have in common: it is written, and counted, for the first of them. */
export const writeShared = async (
  input: OutputInput,
  suffix: string,
  pieces: Iterable<Piece>,
): Promise<WrittenOutput[]> =>
  input.staging.has(`${input.name}${suffix}`) ? [] : [await writeOutput(input, suffix, pieces)];

/** Takes a file that a program has written into the staging folder, under the name it will have. */
export const addOutput = async (
  { staging, name, digests = true }: OutputInput,
  suffix: string,
): Promise<WrittenOutput> => {
  const file = `${name}${suffix}`;
  const temporary = join(staging.folder, file);
  const { size } = await stat(temporary);
  staging.add(temporary, file);
  return { name: file, size, ...(digests ? { digest: await digestFile(temporary) } : {}) };
};
