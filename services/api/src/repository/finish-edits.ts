import { lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, RepositoryPath, systemError } from '@slipway/protocol';
import { z } from 'zod';
import { EDIT, takeEdit } from './held-edits.ts';
import { ownPlaceOf } from './own-place.ts';
import { forgetEdit, JOURNAL } from './replace-files.ts';
import { syncFolder, writeSynced } from './sync.ts';

/** What an edit says in its journal: all that it takes to finish it. */
export const EditJournal = z.strictObject({
  v: z.literal(1),
  changes: z.array(
    z.strictObject({
      path: RepositoryPath,
      /** what was there; null: nothing */
      before: z.string().nullable(),
      /** null: the file goes */
      after: z.string().nullable(),
    }),
  ),
  by: z.strictObject({ name: z.string(), message: z.string() }),
});
export type EditJournal = z.infer<typeof EditJournal>;

type Finished = {
  readonly edit: EditJournal;
  /** files that somebody has changed since then, or that lie behind a link by now; they stay as they are */
  readonly left: readonly string[];
};

/**
 * Finishes edits that were cut short: every file is what the edit made of it. What has not come as far as its journal has
 * changed nothing, and is forgotten. An edit goes once `confirm` has run; where anything fails, it is there to be tried again.
 *
 * @param directory the image repository, whose edits lie in `.slipway`
 * @returns how many others are making; they are left alone
 * @throws {SlipwayError} REQUEST_INVALID where `.slipway` is a link
 */
export const finishEdits = async (
  directory: string,
  confirm: (finished: Finished) => Promise<void>,
): Promise<number> => {
  const aside = join(directory, '.slipway');
  const names = (await readdir(aside).catch(absent)) ?? [];
  if (names.length > 0) await ownPlaceOf(directory, '.slipway');
  let others = 0;
  for (const name of names.filter((one) => one.startsWith(EDIT)).sort()) {
    const held = await takeEdit(join(aside, name));
    if (held === undefined) continue;
    if (held === 'held') {
      others += 1;
      continue;
    }
    let isLeft = true;
    try {
      await finishOne(directory, held.work, confirm);
      isLeft = false;
    } finally {
      await held.letGo(isLeft);
    }
  }
  return others;
};

const finishOne = async (
  directory: string,
  work: string,
  confirm: (finished: Finished) => Promise<void>,
): Promise<void> => {
  const text = await readFile(join(work, JOURNAL), 'utf8').catch(absent);
  if (text !== undefined) {
    const edit = EditJournal.parse(JSON.parse(text));
    const left: string[] = [];
    for (const change of edit.changes) {
      const place = await ownPlaceOf(directory, change.path).catch((error: unknown) => {
        if (codeOf(error) !== 'REQUEST_INVALID') throw error;
      });
      if (place === undefined || !(await finish(place, change, work))) left.push(change.path);
    }
    await confirm({ edit, left });
  }
  await forgetEdit(work);
};

type Change = EditJournal['changes'][number];

/** @returns whether it is as the edit made it */
const finish = async (place: string, { before, after }: Change, work: string): Promise<boolean> => {
  const found = await lstat(place).catch(absent);
  const there = found?.isFile() === true ? await readFile(place, 'utf8') : null;
  if (there === after) return true;
  if (there !== before || (found !== undefined && !found.isFile())) return false;
  const folder = dirname(place);
  if (after === null) await rm(place);
  else {
    await mkdir(folder, { recursive: true });
    const next = join(work, 'again');
    await rm(next, { force: true });
    await writeSynced(next, after, found?.mode);
    await rename(next, place);
  }
  await syncFolder(folder);
  return true;
};

const absent = (error: unknown): undefined => {
  if (systemError(error, ['ENOENT', 'ENOTDIR']) === undefined) throw error;
};
