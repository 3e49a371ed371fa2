import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { ImageFile } from '@slipway/image-spec';
import type { LockedComponents } from '@slipway/lock';
import { SlipwayError, type Arch } from '@slipway/protocol';
import type { Context } from './context.ts';

export type BuildLock = LockedComponents & { readonly name: string; readonly text: string };

/** Commands start fast: what reads Dockerfiles is loaded where there are some. */
const basesOf = async (spec: ImageFile, arch: Arch, baseDir: string): Promise<string[]> => {
  const { dockerfileBases } = await import('@slipway/image');
  return dockerfileBases(spec, { arch, baseDir });
};

/**
 * What the lock file says of an image: the file named, or the one beside the first image file if there is one.
 *
 * @param lock `true`: look for one, `false`: do not
 * @throws {SlipwayError} NOT_FOUND, LOCK_INVALID, LOCK_STALE
 */
export const buildLock = async (
  { cwd }: Pick<Context, 'cwd'>,
  lock: string | boolean,
  {
    spec,
    files,
    arch,
    baseDir,
  }: {
    readonly spec: ImageFile;
    readonly files: readonly string[];
    readonly arch: Arch;
    /** what references of the specification are relative to */
    readonly baseDir: string;
  },
): Promise<BuildLock | undefined> => {
  if (lock === false) return undefined;
  const { applyLock, LOCK_FILE, parseLock } = await import('@slipway/lock');
  const [first = '-'] = files;
  const beside = first === '-' ? LOCK_FILE : join(dirname(first), LOCK_FILE);
  const path = resolve(cwd, lock === true ? beside : lock);
  const name = relative(cwd, path);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    if (lock === true) return undefined;
    throw new SlipwayError('NOT_FOUND', `${name}: there is no such lock file; make it by slipway lock`, {
      cause: error,
    });
  });
  if (text === undefined) return undefined;
  const bases = Object.keys(spec.dockerfiles).length === 0 ? [] : await basesOf(spec, arch, baseDir);
  const place = { arch, file: name, baseDir, lockDir: dirname(path), own: { bases } };
  return { ...applyLock(parseLock(text, name), spec, place), name, text };
};
