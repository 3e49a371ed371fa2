import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { markUsed } from '../cache/mark-used.ts';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';

const FOLDER = 'dockerfile';
/** What an engine works in, beside where its image goes. Pruning has names of its own for what it sets aside. */
const WORK = '.tmp';
const WORK_NAME = /^[0-9a-f]{64}\.tmp$/;

const lockOf = (cacheDir: string, key: string): string => join(cacheDir, 'locks', `${FOLDER}-${key}`);

/** Where the image of a key lies as an OCI layout, if it is there: absolute, for an engine works elsewhere. */
const resultFolder = (cacheDir: string, key: string): string => resolve(cacheDir, FOLDER, key);

const indexOf = (folder: string): string => join(folder, 'index.json');

const hasIndex = async (folder: string): Promise<boolean> =>
  (await stat(indexOf(folder)).catch(() => undefined)) !== undefined;

/** Whether it is there, and stays so: pruning goes by the time of last use. */
const isThere = async (folder: string): Promise<boolean> =>
  (await hasIndex(folder)) && markUsed(indexOf(folder));

/** Whoever calls it holds the lock. What lies there without an index was cut short, and is in the way. */
const putInPlace = async (made: string, folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await rename(made, folder);
};

/** Removes what engines left that were killed: nobody holds the locks of those. */
const sweep = async (cacheDir: string): Promise<void> => {
  const names = await readdir(join(cacheDir, FOLDER)).catch((): string[] => []);
  await mkdir(join(cacheDir, 'locks'), { recursive: true });
  for (const name of names.filter((one) => WORK_NAME.test(one))) {
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
      await putInPlace(await make(work), folder);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return { folder, wasThere: false };
  });
};

/** Takes over an image that was made elsewhere, all of it at once; one that is there stays as it is. */
export const takeResult = async (cacheDir: string, key: string, made: string): Promise<void> => {
  const folder = resultFolder(cacheDir, key);
  if ((await hasIndex(folder)) || !(await hasIndex(made))) return;
  await mkdir(dirname(folder), { recursive: true });
  await withLock(lockOf(cacheDir, key), async () => {
    if (!(await hasIndex(folder))) await putInPlace(made, folder);
  });
};
