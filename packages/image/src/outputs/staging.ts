import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

const PREFIX = '.slipway-build-';

/** Where outputs are written until all of them are whole. */
export type Staging = {
  /** on the same file system as where the outputs go */
  readonly folder: string;
  /** Puts a finished file or folder to where it belongs; nothing is moved before `commit`. */
  add(temporary: string, name: string): void;
  /** Moves everything into place. */
  commit(): Promise<void>;
  /** Removes whatever is left; does nothing after a commit. */
  discard(): Promise<void>;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Folders of builds that were killed are removed on the way. */
export const createStaging = async (dir: string): Promise<Staging> => {
  await mkdir(dir, { recursive: true });
  for (const name of await readdir(dir)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : Number.NaN;
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid))
      await rm(join(dir, name), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(dir, `${PREFIX}${process.pid}-`));
  const finished: { readonly temporary: string; readonly name: string }[] = [];
  return {
    folder,
    add(temporary, name) {
      finished.push({ temporary, name });
    },
    async commit() {
      for (const { temporary, name } of finished) {
        const target = join(dir, name);
        const old = join(folder, `${basename(name)}.old`);
        await rename(target, old).catch((error: unknown) => {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
        });
        await rename(temporary, target);
      }
      await rm(folder, { recursive: true, force: true });
    },
    async discard() {
      await rm(folder, { recursive: true, force: true });
    },
  };
};
