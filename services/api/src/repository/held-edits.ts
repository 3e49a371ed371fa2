import { lstat, mkdtemp, rename, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAbandoned, ownerName } from '@slipway/components';
import { systemError } from '@slipway/protocol';

/** The folder of an edit: whoever holds it is in its name, and touches it for as long as it works on it. */
export const EDIT = 'edit-';

const TOUCH_MS = 5000;
/** Of servers that do not see each other's processes, one is gone that has not touched its edit for so long. */
const STALE_MS = 60_000;

export type HeldEdit = {
  readonly work: string;
  /** @param isLeft there is something to be finished, by whoever comes first */
  readonly letGo: (isLeft: boolean) => Promise<void>;
};

const touch = (work: string, at: Date): Promise<void> =>
  utimes(work, at, at).catch((error: unknown) => {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
  });

const hold = (work: string): HeldEdit => {
  // What cannot be touched is soon free for others; who works on it hears of the fault by itself.
  const timer = setInterval(() => void touch(work, new Date()).catch(() => undefined), TOUCH_MS);
  return {
    work,
    letGo: async (isLeft) => {
      clearInterval(timer);
      if (isLeft) await touch(work, new Date(0));
    },
  };
};

/** @param aside folder of the edits */
export const beginEdit = async (aside: string): Promise<HeldEdit> =>
  hold(await mkdtemp(join(aside, `${EDIT}${await ownerName()}-`)));

/** @returns `held` where a server works on it; undefined where it is gone, or is no folder */
export const takeEdit = async (work: string): Promise<HeldEdit | 'held' | undefined> => {
  const info = await lstat(work).catch((error: unknown) => {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
  });
  if (info?.isDirectory() !== true) return undefined;
  // A clock may have been set back.
  const isFresh = Math.abs(Date.now() - info.mtimeMs) < STALE_MS;
  if (isFresh && !(await isAbandoned(work, basename(work).slice(EDIT.length)))) return 'held';
  const [, random = ''] = /([^-]*)$/.exec(basename(work)) ?? [];
  const own = join(dirname(work), `${EDIT}${await ownerName()}-${random}`);
  if (own !== work) {
    await touch(work, new Date());
    try {
      // Of several that want it one is faster.
      await rename(work, own);
    } catch (error) {
      if (systemError(error, ['ENOENT']) === undefined) throw error;
      return 'held';
    }
  }
  await touch(own, new Date());
  return hold(own);
};
