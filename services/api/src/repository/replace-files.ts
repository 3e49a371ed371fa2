import { copyFile, lstat, mkdir, mkdtemp, open, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';

export type Replacement = {
  /** absolute, and no link */
  readonly place: string;
  /** null: the file goes */
  readonly text: string | null;
};

type Step = () => Promise<unknown>;

/**
 * Changes files together. Every text, and what was there before, is on the disk before the first file is renamed; where
 * anything fails, `confirm` as well, all is as it was.
 *
 * @param aside folder on the same file system, for what is not yet or no longer in its place
 * @param confirm runs once all files are changed
 * @throws {SlipwayError} REQUEST_INVALID for what is no file; what the file system or `confirm` says
 */
export const replaceFiles = async (
  files: readonly Replacement[],
  aside: string,
  confirm: () => Promise<void>,
): Promise<void> => {
  await mkdir(aside, { recursive: true });
  const work = await mkdtemp(join(aside, 'edit-'));
  const undo: Step[] = [];
  try {
    const steps: Step[] = [];
    // What comes is there before anything goes.
    const inOrder = files.toSorted((a, b) => Number(a.text === null) - Number(b.text === null));
    for (const [at, file] of inOrder.entries()) steps.push(await stage(file, join(work, String(at)), undo));
    for (const step of steps) await step();
    await confirm();
  } catch (error) {
    await bringBack(undo, work, error);
    await rm(work, { recursive: true, force: true });
    throw error;
  }
  await rm(work, { recursive: true, force: true });
};

/** @returns what puts it in its place */
const stage = async ({ place, text }: Replacement, aside: string, undo: Step[]): Promise<Step> => {
  const [next, was] = [`${aside}.next`, `${aside}.was`];
  const found = await lstat(place).catch((error: unknown) => {
    if (systemError(error, ['ENOENT', 'ENOTDIR']) === undefined) throw error;
  });
  if (found !== undefined && !found.isFile())
    throw new SlipwayError('REQUEST_INVALID', `${basename(place)} is no file; choose another name.`);
  if (found !== undefined) await copyFile(place, was);
  const putBack = found === undefined ? () => rm(place) : () => rename(was, place);
  if (text !== null) {
    await makeFolder(dirname(place), undo);
    await writeSynced(next, text, found?.mode);
  }
  return async () => {
    if (text !== null) await rename(next, place);
    else if (found !== undefined) await rm(place);
    else return;
    undo.push(putBack);
  };
};

const makeFolder = async (folder: string, undo: Step[]): Promise<void> => {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const made: string[] = [];
  for (let at = folder; at.length >= first.length; at = dirname(at)) made.push(at);
  // What another has put there meanwhile stays.
  for (const one of made.toReversed()) undo.push(() => rmdir(one).catch(() => undefined));
};

/** @param mode that of the file before: what is executable stays so */
const writeSynced = async (path: string, text: string, mode: number | undefined): Promise<void> => {
  const file = await open(path, 'wx');
  try {
    if (mode !== undefined) await file.chmod(mode & 0o777);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

const bringBack = async (undo: readonly Step[], work: string, error: unknown): Promise<void> => {
  const failed: unknown[] = [];
  for (const step of undo.toReversed()) await step().catch((again: unknown) => failed.push(again));
  if (failed.length > 0)
    throw new AggregateError(
      [error, ...failed],
      `Files of the image repository could not be brought back; what they were lies in ${work}.`,
    );
};
