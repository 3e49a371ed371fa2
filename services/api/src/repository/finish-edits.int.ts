import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listAudit } from '@slipway/fleet';
import { openTestDatabase } from '@slipway/fleet/testing';
import { RepositoryPath } from '@slipway/protocol';
import { pino } from 'pino';
import { finishEdits } from './finish-edits.ts';
import { finishEditsAtStart } from './finish-edits-at-start.ts';
import { openRepositoryFiles } from './repository-files.ts';
import { openRepositoryHistory } from './repository-history.ts';

const PROGRAM = fileURLToPath(new URL('../testing/edit-until-killed.ts', import.meta.url));
const OLD = { also: 'old', gone: 'old', kept: 'old', other: 'own' };
const NEW = { 'a/b/new': 'new', also: 'new', kept: 'new', other: 'own' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-edits-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const makeOld = async (): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const [name, text] of Object.entries(OLD)) await writeFile(join(folder, name), text);
};
const files = async (): Promise<Record<string, string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: Record<string, string> = {};
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = await readFile(path, 'utf8');
  }
  return found;
};
const never = () => Promise.reject(new Error('never asked'));
/** @returns whether it was killed before its nth rename or removal */
const editUntil = async (nth: number): Promise<boolean> => {
  const child = spawn(process.execPath, [PROGRAM, folder, String(nth)], { stdio: 'inherit' });
  await once(child, 'exit');
  if (child.signalCode !== 'SIGKILL') expect(child.exitCode).toBe(0);
  return child.signalCode === 'SIGKILL';
};

test('an edit that is killed between any two of its steps is finished, or has changed nothing', async () => {
  const halves: string[] = [];
  let begun = 0;
  for (let nth = 1; ; nth += 1) {
    await makeOld();
    if (!(await editUntil(nth))) break;
    const { also, gone, kept } = await files();
    halves.push([also, gone, kept].join(' '));
    const finished: string[] = [];
    await finishEdits(folder, async ({ edit, left }) => {
      finished.push(edit.by.name, ...left);
    });
    // Where there was nothing to finish, it had not begun, or was over.
    const isNew = finished.length > 0 || also === 'new';
    expect([nth, await files()]).toEqual([nth, isNew ? NEW : OLD]);
    expect(finished).toEqual(finished.length === 0 ? [] : ['anna']);
    begun += finished.length;
    expect(await readdir(join(folder, '.slipway'))).toEqual([]);
    // Once more there is nothing to be done.
    await finishEdits(folder, () => Promise.reject(new Error('again')));
  }
  expect(await files()).toEqual(NEW);
  // It was seen with some files changed and others not.
  expect(halves).toEqual(expect.arrayContaining(['old old old', 'old old new', 'new old new', 'new  new']));
  expect(begun).toBeGreaterThan(4);
});

test('what somebody has changed since stays, and an edit that cannot be confirmed is tried again', async () => {
  await makeOld();
  // Its journal is the first to be renamed, then come three files.
  expect(await editUntil(3)).toBe(true);
  await writeFile(join(folder, 'also'), 'by hand');
  await expect(finishEdits(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  let told: readonly string[] | undefined;
  await finishEdits(folder, async ({ left }) => {
    told = left;
  });
  expect(told).toEqual(['also']);
  expect(await files()).toEqual({ ...NEW, also: 'by hand' });
});

test('without a journal nothing was changed, and nothing is left of it', async () => {
  await makeOld();
  expect(await editUntil(1)).toBe(true);
  expect(await readdir(join(folder, '.slipway'))).toHaveLength(1);
  await finishEdits(folder, never);
  expect(await files()).toEqual(OLD);
  await finishEdits(join(folder, 'not-there'), never);
});

test('an edit that a server is making is left to it', async () => {
  await makeOld();
  const path = RepositoryPath.parse('kept');
  const by = { name: 'anna', message: 'one' };
  const saved = openRepositoryFiles(folder).change(
    { by, changes: [{ path, before: 'old', after: 'new' }] },
    async () => {
      expect(await finishEdits(folder, never)).toBe(1);
      throw new Error('the history is full');
    },
  );
  await expect(saved).rejects.toThrow('the history is full');
  expect(await files()).toEqual(OLD);
});

test('of a server whose processes are not seen it is left for as long as it is touched', async () => {
  await makeOld();
  expect(await editUntil(3)).toBe(true);
  const aside = join(folder, '.slipway');
  const unseen = join(aside, 'edit-1-1-abcdef');
  await rename(join(aside, (await readdir(aside))[0] ?? ''), unseen);
  await utimes(unseen, new Date(), new Date());
  expect(await finishEdits(folder, never)).toBe(1);
  const earlier = new Date(Date.now() - 120_000);
  await utimes(unseen, earlier, earlier);
  expect(await finishEdits(folder, async () => undefined)).toBe(0);
  expect(await files()).toEqual(NEW);
});

test('nothing is reached through links, whatever a journal says', async () => {
  const [directory, outside] = [join(folder, 'images'), join(folder, 'outside')];
  const edit = join(directory, '.slipway', 'edit-evil');
  await mkdir(edit, { recursive: true });
  await mkdir(outside);
  await symlink('../outside', join(directory, 'linked'));
  const changes = [{ path: 'linked/x.yml', before: null, after: 'x' }];
  const plant = async (place: string): Promise<void> => {
    await writeFile(
      join(place, 'journal.json'),
      JSON.stringify({ v: 1, by: { name: 'm', message: '' }, changes }),
    );
    await utimes(place, new Date(0), new Date(0));
  };
  await plant(edit);
  const left: string[] = [];
  await finishEdits(directory, async (finished) => {
    left.push(...finished.left);
  });
  expect(left).toEqual(['linked/x.yml']);
  expect(await readdir(outside)).toEqual([]);

  await rm(join(directory, '.slipway'), { recursive: true });
  await symlink('../outside', join(directory, '.slipway'));
  await mkdir(join(outside, 'edit-evil'));
  await plant(join(outside, 'edit-evil'));
  await expect(finishEdits(directory, never)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  const path = RepositoryPath.parse('kept');
  await expect(
    openRepositoryFiles(directory).change(
      { by: { name: 'anna', message: 'one' }, changes: [{ path, before: null, after: 'new' }] },
      never,
    ),
  ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  expect(await readdir(outside)).toEqual(['edit-evil']);
});

test('the server that starts next has it in its history by who saved it, and on record, once', async () => {
  await using undo = new AsyncDisposableStack();
  const { db, close } = await openTestDatabase();
  undo.defer(close);
  await makeOld();
  expect(await editUntil(4)).toBe(true);
  const history = openRepositoryHistory(folder);
  const start = () =>
    finishEditsAtStart({ db, history, logger: pino({ level: 'silent' }), directory: folder });
  await start();
  await start();
  expect(await history.list('gone', 10)).toMatchObject([{ by: 'anna' }, { by: 'Slipway' }]);
  expect(await history.list('a/b/new', 10)).toMatchObject([{ by: 'anna', message: 'all of it' }]);
  const entries = await listAudit(db, { limit: 10, offset: 0 });
  expect(entries).toMatchObject([
    { actor: 'server', action: 'repository.edit-finished', details: { left: [] } },
  ]);
});
