import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, ownerName } from '../process-owner.ts';

/** Below the cache: a file for each build that runs, by the number of its process and whose number that is. */
const FOLDER = 'in-use';

/** Does work that relies on what it finds in the cache: what is used from now on stays there until it is done. */
export const usingCache = async <T>(cacheDir: string, work: () => Promise<T>): Promise<T> => {
  const folder = join(cacheDir, FOLDER);
  const lease = join(folder, `${await ownerName()}-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  await writeFile(lease, '');
  try {
    return await work();
  } finally {
    await rm(lease, { force: true });
  }
};

/**
 * What was used since then may be needed by a build that runs. Leases of processes that are gone are removed.
 *
 * @returns undefined if none runs
 */
export const inUseSince = async (cacheDir: string): Promise<Date | undefined> => {
  const folder = join(cacheDir, FOLDER);
  const begun: number[] = [];
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const path = join(folder, name);
    const time = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (time === undefined) continue;
    if (await isAbandoned(path, name)) await rm(path, { force: true });
    else begun.push(time);
  }
  return begun.length === 0 ? undefined : new Date(Math.min(...begun));
};
