import { join } from 'node:path';
import type { Piece } from '@slipway/components';
import { digestPieces, writePieces, type WrittenFile } from '../write-file.ts';
import type { DiskFormat } from '../format-names.ts';
import { writeOutput, type OutputInput, type WrittenOutput } from '../output.ts';
import { growDisk } from './grow-disk.ts';
import { gzipPieces } from './gzip-pieces.ts';
import { qcow2Pieces } from './qcow2.ts';
import { diskPieces, type SparseDisk } from './sparse-disk.ts';
import { sparseTarPieces } from './sparse-tar.ts';
import { dynamicVhdPieces, vhdPieces } from './vhd.ts';
import { vmdkPieces } from './vmdk.ts';

const GIB = 1024 ** 3;

/** Where a disk goes to that is kept as it is. */
export const RAW_SUFFIX = '-efi.img';

type Conversion = {
  readonly suffix: string;
  readonly pieces: (disk: SparseDisk, file: string) => Iterable<Piece>;
  /** what is zero is left out of the file */
  readonly sparse?: boolean;
};

/** Names end as LinuxKit ends them; two that it gives one name are told apart. */
const CONVERSIONS: Readonly<Record<Exclude<DiskFormat, 'raw-efi'>, Conversion>> = {
  'qcow2-efi': { suffix: '-efi.qcow2', pieces: qcow2Pieces },
  vmdk: { suffix: '.vmdk', pieces: vmdkPieces },
  vhd: { suffix: '.vhd', pieces: vhdPieces, sparse: true },
  'dynamic-vhd': { suffix: '-dynamic.vhd', pieces: dynamicVhdPieces },
  gcp: {
    suffix: '.img.tar.gz',
    pieces: (disk) => gzipPieces(sparseTarPieces(growDisk(disk, GIB), 'disk.raw')),
  },
  aws: { suffix: '.raw', pieces: (disk) => diskPieces(growDisk(disk, GIB)), sparse: true },
};

export type DiskOutput = Pick<OutputInput, 'staging' | 'name' | 'digests'> & {
  /** the raw disk; `raw-efi` moves it away when the build is complete */
  readonly path: string;
  readonly disk: SparseDisk;
};

/** Writes a disk in another format into a folder. */
export const convertDisk = async (
  format: Exclude<DiskFormat, 'raw-efi'>,
  disk: SparseDisk,
  folder: string,
  name: string,
): Promise<{ readonly name: string } & WrittenFile> => {
  const { suffix, pieces, sparse = false } = CONVERSIONS[format];
  const file = `${name}${suffix}`;
  return { name: file, ...(await writePieces(join(folder, file), pieces(disk, file), { sparse })) };
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
