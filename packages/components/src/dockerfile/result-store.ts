import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';

const FOLDER = 'dockerfile';
/** What an engine works in; not listed as part of the cache. */
const WORK = '.tmp';

const lockOf = (cacheDir: string, key: string): string => join(cacheDir, 'locks', `${FOLDER}-${key}`);

/** Where the image of a key lies as an OCI layout, if it is there: absolute, for an engine works elsewhere. */
const resultFolder = (cacheDir: string, key: string): string => resolve(cacheDir, FOLDER, key);

const isThere = async (folder: string): Promise<boolean> => {
  const index = join(folder, 'index.json');
  if ((await stat(index).catch(() => undefined)) === undefined) return false;
  // Pruning goes by the time of last use.
  const now = new Date();
  await utimes(index, now, now).catch(() => undefined);
  return true;
};

/** Removes what engines left that were killed: nobody holds the locks of those. */
const sweep = async (cacheDir: string): Promise<void> => {
  const names = await readdir(join(cacheDir, FOLDER)).catch((): string[] => []);
  for (const name of names.filter((one) => one.endsWith(WORK))) {
    const lock = lockOf(cacheDir, name.slice(0, -WORK.length));
    const remove = ['-n', '-E', '0', lock, 'rm', '-rf', '--', join(cacheDir, FOLDER, name)];
    await runTool('flock', remove, { package: 'util-linux' });
  }
};

/**
 * The image of a key, made at most once by all processes that share the cache: whoever comes second waits for the first.
 *
 * @param make works in a folder of its own, and returns the one within it that becomes the result
 * @returns whether it was there
 */
export const storedResult = async (
  cacheDir: string,
  key: string,
  make: (work: string) => Promise<string>,
): Promise<{ readonly folder: string; readonly wasThere: boolean }> => {
  const folder = resultFolder(cacheDir, key);
  if (await isThere(folder)) return { folder, wasThere: true };
  await sweep(cacheDir);
  return withLock(lockOf(cacheDir, key), async () => {
    if (await isThere(folder)) return { folder, wasThere: true };
    const work = `${folder}${WORK}`;
    try {
      await rm(work, { recursive: true, force: true });
      await rename(await make(work), folder);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return { folder, wasThere: false };
  });
};
