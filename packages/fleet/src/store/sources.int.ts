import { CommitId, SourceCreate, type Source } from '@slipway/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database, OpenDatabase } from '../database.ts';
import { openTestDatabase } from '../testing/index.ts';
import { classTriggerPlace, recordClassFiles, recordUnread } from './class-triggers/places.ts';
import { changeSource, createSource, getSource, recordFetch } from './sources.ts';

let database: OpenDatabase;
let db: Database;
const written: string[] = [];
beforeAll(async () => {
  const onStatement = (text: string): void => {
    if (/^(?:insert|update)\b/i.test(text)) written.push(text);
  };
  database = await openTestDatabase({ onStatement });
  ({ db } = database);
});
afterAll(() => database.close());

const by = { actor: 'ann', seal: () => '' };
const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const [older, newer] = [CommitId.parse('a'.repeat(40)), CommitId.parse('b'.repeat(40))];
const create = (name: string): Promise<Source> =>
  createSource(db, SourceCreate.parse({ name, url: 'https://git.example/images.git' }), by, at(0));
const commitOf = async (name: string): Promise<string | null> => (await getSource(db, name)).commit;

test.each([
  ['another branch', { branch: 'release' }],
  ['another address', { url: 'https://git.example/other.git' }],
])('a fetch that ends once the source has %s is no word on it', async (what, change) => {
  const name = what.replace(' ', '-');
  const before = await create(name);
  await changeSource(db, name, change, by, at(1));
  await recordFetch(db, before, { commit: older }, at(0));
  await recordFetch(db, before, { code: 'GIT_UNREACHABLE', message: 'gone' }, at(0));
  expect(await getSource(db, name)).toMatchObject({ commit: null, fetchedAt: null, code: null });
});

test('of two fetches that which began last counts, whichever ends last', async () => {
  const source = await create('twice');
  await recordFetch(db, source, { commit: newer }, at(2));
  await recordFetch(db, source, { commit: older }, at(1));
  expect(await commitOf('twice')).toBe(newer);
  // A fetch of another branch is none of the source's own.
  await recordFetch(db, source, {}, at(9));
  await recordFetch(db, source, { commit: older }, at(3));
  expect(await commitOf('twice')).toBe(older);
});

test('class files that were read where the source is no longer name nothing', async () => {
  const source = await create('moved');
  await recordFetch(db, source, { commit: newer }, at(1));
  const read = (branch: string, commit: CommitId) =>
    recordClassFiles(db, { source: source.id, branch, at: commit }, [], () => null, at(2));
  await read(source.branch, older);
  await read('proposal', newer);
  expect(await classTriggerPlace(db, source.id)).toBeUndefined();
  await read(source.branch, newer);
  expect(await classTriggerPlace(db, source.id)).toMatchObject({ branch: source.branch, at: newer });
});

test('a fault that goes on is written once', async () => {
  const { id } = await create('broken');
  const fault = { code: 'NOT_FOUND', message: 'no such commit' };
  await recordUnread(db, id, fault);
  written.length = 0;
  await recordUnread(db, id, fault);
  expect(written).toEqual([]);
  await recordUnread(db, id, { ...fault, message: 'no such file' });
  expect(written).not.toEqual([]);
  expect(await classTriggerPlace(db, id)).toMatchObject({ code: 'NOT_FOUND', message: 'no such file' });
});
