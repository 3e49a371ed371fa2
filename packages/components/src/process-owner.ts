import { lstat, readlink } from 'node:fs/promises';
import { isAlive } from './process-alive.ts';

/** What belongs to a process that nobody here can see is not written to for so long only if that one is gone. */
const STALE_MS = 24 * 60 * 60 * 1000;

/** Numbers of processes mean something among those that see each other: containers may share a folder and not that. */
const ownNamespace = async (): Promise<string> =>
  (await readlink('/proc/self/ns/pid').catch(() => '')).replace(/\D/g, '') || '0';

/** This process, in the name of a file or folder that is its own for as long as it lives. */
export const ownerName = async (): Promise<string> => `${process.pid}-${await ownNamespace()}`;

/**
 * Whether the process is gone that a file or folder belongs to.
 *
 * @param owner what `ownerName` gave it; more may follow after a hyphen
 */
export const isAbandoned = async (path: string, owner: string): Promise<boolean> => {
  const [pid, namespace] = owner.split('-');
  if (namespace === (await ownNamespace())) return !isAlive(Number(pid));
  const info = await lstat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > STALE_MS;
};
