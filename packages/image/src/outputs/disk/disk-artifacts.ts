import { link, rename } from 'node:fs/promises';
import {
  DISK_ARTIFACTS,
  OutputFormat,
  type Digest,
  type DiskArtifact,
  type TransferredBytes,
} from '@slipway/protocol';
import { isDiskFormat } from '../format-names.ts';
import { diskFileName, writeDiskAs, type ConvertedFormat } from './disk-formats.ts';
import { readSparseDisk } from './sparse-disk.ts';

export type DiskFile = {
  readonly format: ConvertedFormat;
  readonly name: DiskArtifact;
  readonly size: number;
  readonly digest: Digest;
};

export type DiskArtifacts = {
  /** the raw disk; nobody may change it meanwhile */
  readonly disk: string;
  readonly digest: Digest;
  /** those of a class, in any order; what is no other form of the disk is left out */
  readonly formats: readonly OutputFormat[];
  readonly deviceClass: string;
  /** where an artifact is written to: on the file system of the disk, and not there yet */
  readonly pathOf: (name: DiskArtifact) => string;
  readonly progress: (format: ConvertedFormat, bytes: TransferredBytes) => void;
};

const isConverted = (format: OutputFormat): format is ConvertedFormat =>
  isDiskFormat(format) && format !== 'raw-efi';

/** Two names for what is the same, where the file system knows such. */
const keepOnce = async (path: string, same: string): Promise<void> => {
  const twin = `${path}.twin`;
  const isLinked = await link(same, twin).then(
    () => true,
    () => false,
  );
  if (isLinked) await rename(twin, path);
};

/**
 * Writes the disk of a class in each of its other formats, as `slipway build --class` does: the same bytes.
 *
 * @returns in the order of `OutputFormat`
 */
export const writeDiskArtifacts = async (input: DiskArtifacts): Promise<DiskFile[]> => {
  const wanted = new Set(input.formats.filter(isConverted));
  if (wanted.size === 0) return [];
  const disk = await readSparseDisk(input.disk);
  const places = new Map<Digest, string>([[input.digest, input.disk]]);
  const files: DiskFile[] = [];
  for (const format of OutputFormat.options.filter(isConverted).filter((one) => wanted.has(one))) {
    const name = DISK_ARTIFACTS[format];
    const path = input.pathOf(name);
    const file = diskFileName(format, input.deviceClass);
    const written = await writeDiskAs(format, disk, {
      file,
      path,
      progress: (bytes) => input.progress(format, bytes),
    });
    const same = places.get(written.digest);
    if (same === undefined) places.set(written.digest, path);
    else await keepOnce(path, same);
    files.push({ format, name, ...written });
  }
  return files;
};
