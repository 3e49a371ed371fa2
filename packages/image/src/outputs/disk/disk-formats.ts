import { join } from 'node:path';
import { contentSize, type Piece } from '@slipway/components';
import type { TransferredBytes } from '@slipway/protocol';
import { digestPieces, writePieces, type WrittenFile } from '../write-file.ts';
import type { DiskFormat } from '../format-names.ts';
import { writeOutput, type OutputInput, type WrittenOutput } from '../output.ts';
import { growDisk } from './grow-disk.ts';
import { gzipPieces } from './gzip-pieces.ts';
import { qcow2Pieces } from './qcow2.ts';
import { diskPieces, type SparseDisk } from './sparse-disk.ts';
import { sparseTarPieces } from './sparse-tar.ts';
import { dynamicVhdPieces, vhdPieces } from './vhd.ts';
import { vmdkBytes, vmdkPieces } from './vmdk.ts';

const GIB = 1024 ** 3;

/** Where a disk goes to that is kept as it is. */
export const RAW_SUFFIX = '-efi.img';

type Conversion = {
  readonly suffix: string;
  readonly pieces: (disk: SparseDisk, file: string, took?: (bytes: number) => void) => Iterable<Piece>;
  /** what goes in, in bytes, of a format that compresses: it tells how much it took */
  readonly packs?: (disk: SparseDisk) => number;
  /** what is zero is left out of the file */
  readonly sparse?: boolean;
};

const bytesOf = (pieces: Iterable<Piece>): number => {
  let bytes = 0;
  for (const piece of pieces) bytes += contentSize(piece);
  return bytes;
};
const gcpTar = (disk: SparseDisk): Iterable<Piece> => sparseTarPieces(growDisk(disk, GIB), 'disk.raw');

/** Names end as LinuxKit ends them; two that it gives one name are told apart. */
const CONVERSIONS: Readonly<Record<Exclude<DiskFormat, 'raw-efi'>, Conversion>> = {
  'qcow2-efi': { suffix: '-efi.qcow2', pieces: qcow2Pieces },
  vmdk: { suffix: '.vmdk', pieces: vmdkPieces, packs: vmdkBytes },
  vhd: { suffix: '.vhd', pieces: vhdPieces, sparse: true },
  'dynamic-vhd': { suffix: '-dynamic.vhd', pieces: dynamicVhdPieces },
  gcp: {
    suffix: '.img.tar.gz',
    pieces: (disk, _file, took) => gzipPieces(gcpTar(disk), took),
    packs: (disk) => bytesOf(gcpTar(disk)),
  },
  aws: { suffix: '.raw', pieces: (disk) => diskPieces(growDisk(disk, GIB)), sparse: true },
};

export type DiskOutput = Pick<OutputInput, 'staging' | 'name' | 'digests'> & {
  /** the raw disk; `raw-efi` moves it away when the build is complete */
  readonly path: string;
  readonly disk: SparseDisk;
};

export type ConvertedFormat = Exclude<DiskFormat, 'raw-efi'>;

type Written = {
  /** as `slipway build` calls it; what is in a VMDK repeats it */
  readonly file: string;
  /** where it is written to */
  readonly path: string;
  /** how much of the disk is in it */
  readonly progress?: (bytes: TransferredBytes) => void;
};

/** Writes a disk in another format to a new file, in bounded memory. */
export const writeDiskAs = (
  format: ConvertedFormat,
  disk: SparseDisk,
  { file, path, progress }: Written,
): Promise<WrittenFile> => {
  const { pieces, packs, sparse } = CONVERSIONS[format];
  if (progress === undefined) return writePieces(path, pieces(disk, file), { sparse });
  const total = packs?.(disk) ?? bytesOf(pieces(disk, file));
  let done = 0;
  const took = (bytes: number): void => progress({ done: (done += bytes), total });
  progress({ done, total });
  return packs === undefined
    ? writePieces(path, pieces(disk, file), { sparse, wrote: took })
    : writePieces(path, pieces(disk, file, took), { sparse });
};

export const diskFileName = (format: ConvertedFormat, name: string): string =>
  `${name}${CONVERSIONS[format].suffix}`;

/** Writes a disk in another format into a folder. */
export const convertDisk = async (
  format: ConvertedFormat,
  disk: SparseDisk,
  folder: string,
  name: string,
): Promise<{ readonly name: string } & WrittenFile> => {
  const file = diskFileName(format, name);
  return { name: file, ...(await writeDiskAs(format, disk, { file, path: join(folder, file) })) };
};

/** Writes a disk in one of its formats into the staging folder. */
export const writeDiskFormat = async (format: DiskFormat, output: DiskOutput): Promise<WrittenOutput> => {
  if (format === 'raw-efi') {
    const name = `${output.name}${RAW_SUFFIX}`;
    output.staging.add(output.path, name);
    const { size } = output.disk;
    return {
      name,
      size,
      ...(output.digests === false ? {} : { digest: digestPieces(diskPieces(output.disk)) }),
    };
  }
  const { suffix, pieces, sparse = false } = CONVERSIONS[format];
  return writeOutput(output, suffix, pieces(output.disk, `${output.name}${suffix}`), { sparse });
};
