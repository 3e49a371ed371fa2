import { execFile } from 'node:child_process';
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { peSections } from '@slipway/image';
import { SlipwayError } from '@slipway/protocol';
import type { Part, Weight } from './result.ts';

const compress = promisify(zstdCompress);
const LEVEL = 19;

export const weigh = async (bytes: Uint8Array): Promise<Weight> => ({
  bytes: bytes.length,
  compressed: (await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } })).length,
});

export const together = (...weights: readonly Weight[]): Weight => ({
  bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
  compressed: weights.reduce((sum, { compressed }) => sum + compressed, 0),
});

/** The bytes of a section of a UKI. */
export const sectionOf = (uki: Uint8Array, name: string): Uint8Array => {
  const section = peSections(uki).find((one) => one.name === name);
  if (section === undefined) throw new SlipwayError('INTERNAL', `the UKI has no section ${name}`);
  return uki.subarray(section.offset, section.offset + section.size);
};

/** Every file of a root image, heaviest first; one that several names share is listed once, by the shortest. */
export const partsOf = async (rootImage: string, scratch: string): Promise<Part[]> => {
  await rm(scratch, { recursive: true, force: true });
  await promisify(execFile)('fsck.erofs', [`--extract=${scratch}`, rootImage], {
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  const paths = new Map<number, string>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path);
      if (!entry.isFile()) continue;
      const { ino } = await lstat(path);
      const known = paths.get(ino);
      if (known === undefined || path.length < known.length) paths.set(ino, path);
    }
  };
  await visit(scratch);
  const parts: Part[] = [];
  for (const path of paths.values())
    parts.push({ path: path.slice(scratch.length), ...(await weigh(await readFile(path))) });
  await rm(scratch, { recursive: true, force: true });
  return parts.sort((a, b) => b.compressed - a.compressed);
};
