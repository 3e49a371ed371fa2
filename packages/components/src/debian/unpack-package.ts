import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../run-tool.ts';
import { writeAtomically } from '../write-atomically.ts';
import { debPath } from './fetch-packages.ts';
import type { DebPackage } from './resolve-packages.ts';

/**
 * The tar of a package's files. It is kept in the cache: starting a program per package costs a process with much
 * memory more than reading does.
 */
export const unpackPackage = async (item: DebPackage, cacheDir: string): Promise<Uint8Array> => {
  const unpacked = join(cacheDir, 'unpacked', `${item.digest.slice('sha256:'.length)}.tar`);
  const earlier = await readFile(unpacked).catch(() => undefined);
  if (earlier !== undefined) return earlier;
  const tar = await runTool('dpkg-deb', ['--fsys-tarfile', debPath(cacheDir, item)], { package: 'dpkg' });
  await writeAtomically(unpacked, tar);
  return tar;
};
