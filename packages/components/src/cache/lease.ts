import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../process-alive.ts';

/** Below the cache: a file for each build that runs, by the number of its process and whose number that is. */
const FOLDER = 'in-use';
/** Of a process that nobody here can see. */
const STALE_MS = 24 * 60 * 60 * 1000;

/** Numbers of processes mean something among those that see each other: containers may share a cache and not that. */
const ownNamespace = async (): Promise<string> =>
  (await readlink('/proc/self/ns/pid').catch(() => '')).replace(/\D/g, '') || '0';

/** Does work that relies on what it finds in the cache: what is used from now on stays there until it is done. */
export const usingCache = async <T>(cacheDir: string, work: () => Promise<T>): Promise<T> => {
  const folder = join(cacheDir, FOLDER);
  const lease = join(folder, `${process.pid}-${await ownNamespace()}-${randomUUID()}`);
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
  const home = await ownNamespace();
  const begun: number[] = [];
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const [pid, namespace] = name.split('-');
    const time = (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs;
    if (time === undefined) continue;
    const lives = namespace === home ? isAlive(Number(pid)) : Date.now() - time < STALE_MS;
    if (lives) begun.push(time);
    else await rm(join(folder, name), { force: true });
  }
  return begun.length === 0 ? undefined : new Date(Math.min(...begun));
};
