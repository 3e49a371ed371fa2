import { copyFile, lstat, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';
import { beginEdit } from './held-edits.ts';
import { syncFolder, writeSynced } from './sync.ts';

export type Replacement = {
  /** absolute, and no link */
  readonly place: string;
  /** null: the file goes */
  readonly text: string | null;
};

/** In the folder of an edit: it is to be finished. */
export const JOURNAL = 'journal.json';

type Step = () => Promise<unknown>;
/** @returns whether it changed anything */
type Change = () => Promise<boolean>;

/**
 * Changes files together. Every text, and what was there before, is on the disk before the first file is renamed; where
 * anything fails, `confirm` as well, all is as it was. What is cut short by the end of the process or of the power has left
 * its journal, by which it can be finished; without a journal nothing was changed.
 *
 * @param aside folder on the same file system, for what is not yet or no longer in its place
 * @param journal whatever it takes to finish the change and to confirm it
 * @param confirm runs once all files are changed
 * @throws {SlipwayError} REQUEST_INVALID for what is no file; what the file system or `confirm` says
 */
export const replaceFiles = async (
  files: readonly Replacement[],
  aside: string,
  journal: string,
  confirm: () => Promise<void>,
): Promise<void> => {
  await mkdir(aside, { recursive: true });
  const held = await beginEdit(aside);
  const { work } = held;
  const undo: Step[] = [];
  try {
    const changes: (readonly [folder: string, Change])[] = [];
    // What comes is there before anything goes.
    const inOrder = files.toSorted((a, b) => Number(a.text === null) - Number(b.text === null));
    for (const [at, file] of inOrder.entries())
      changes.push([dirname(file.place), await stage(file, join(work, String(at)), undo)]);
    await writeSynced(join(work, 'journal.next'), journal);
    await rename(join(work, 'journal.next'), join(work, JOURNAL));
    await syncFolder(work);
    await syncFolder(aside);
    const changed = new Set<string>();
    for (const [folder, change] of changes) if (await change()) changed.add(folder);
    for (const folder of changed) await syncFolder(folder);
    await confirm();
  } catch (error) {
    await bringBack(undo, work, error);
    await forgetEdit(work);
    throw error;
  } finally {
    await held.letGo(false);
  }
  await forgetEdit(work);
};

/** The journal first: what is left of the folder is nothing to be finished. */
export const forgetEdit = async (work: string): Promise<void> => {
  await rm(join(work, JOURNAL), { force: true });
  await rm(work, { recursive: true, force: true });
};

/** @returns what puts it in its place */
const stage = async ({ place, text }: Replacement, aside: string, undo: Step[]): Promise<Change> => {
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
    else return false;
    undo.push(putBack);
    return true;
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

const bringBack = async (undo: readonly Step[], work: string, error: unknown): Promise<void> => {
  const failed: unknown[] = [];
  for (const step of undo.toReversed()) await step().catch((again: unknown) => failed.push(again));
  if (failed.length > 0) {
    // Nobody was told that it was changed, so it is not finished later either.
    await rm(join(work, JOURNAL), { force: true });
    throw new AggregateError(
      [error, ...failed],
      `Files of the image repository could not be brought back; what they were lies in ${work}.`,
    );
  }
};
