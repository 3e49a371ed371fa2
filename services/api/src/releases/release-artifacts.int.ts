import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { signedDisks, type Database } from '@slipway/fleet';
import { openTestDatabase, seedRelease } from '@slipway/fleet/testing';
import type { Release } from '@slipway/protocol';
import { openArtifactStore } from '../artifact-store.ts';
import { digestText } from '../repository/repository-files.ts';
import { releaseFiles } from './release-artifacts.ts';

let db: Database;
let folder: string;
let release: Release;
beforeAll(async () => {
  const database = await openTestDatabase();
  ({ db } = database);
  folder = await mkdtemp(join(tmpdir(), 'slipway-release-artifacts-'));
  await mkdir(join(folder, 'bundles'));
  return () => database.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const OF_BUILD = [{ name: 'disk.img', size: 8, digest: digestText('unsigned') }];
let number = 0;
beforeEach(async () => {
  release = await seedRelease(db, `1.0.${number++}`, Buffer.from(`bundle ${number}`));
  await setArtifacts(OF_BUILD);
});
const setArtifacts = (artifacts: readonly object[]) =>
  db.execute(`update builds set artifacts = '${JSON.stringify(artifacts)}' where id = '${release.build}'`);
const setRequest = (text: string) => {
  const request = JSON.stringify({ classFile: { name: 'classes/edge-test.yml', text } });
  return db.execute(`update builds set request = '${request}' where id = '${release.build}'`);
};
const CLASS = 'name: edge-test\narch: amd64\nimages: [../edge.yml]\n';
const signedPath = () => join(folder, 'bundles', `${release.id}.disk.img`);
const disks = async () => {
  const { files } = await releaseFiles({ db, store: openArtifactStore(folder) }, release.id);
  return files.map(({ name, digest, path }) => ({ name, digest, path }));
};

test.each([
  ['with Secure Boot', () => setRequest(`${CLASS}secureBoot: true\n`)],
  ['of which it is not known what was asked', async () => undefined],
])(
  'a release %s has the disk that the signer wrote, also where none is on record, and no other',
  async (_, set) => {
    await set();
    expect(await disks()).toEqual([]);
    await writeFile(signedPath(), 'signed');
    const signed = { name: 'disk.img', digest: digestText('signed'), path: signedPath() };
    expect(await disks()).toEqual([signed]);
    expect(await signedDisks(db, release.id)).toEqual([
      { name: 'disk.img', size: 6, digest: digestText('signed') },
    ]);
    // What is on record is not read again.
    await writeFile(signedPath(), 'another');
    expect(await disks()).toEqual([signed]);
  },
);

test('a disk whose build retention has cleared away is not put on record again', async () => {
  await setRequest(`${CLASS}secureBoot: true\n`);
  await writeFile(signedPath(), 'signed');
  await setArtifacts([]);
  expect(await disks()).toEqual([]);
});

test('without Secure Boot the disk of the build is that of the release', async () => {
  await setRequest(CLASS);
  expect(await disks()).toMatchObject([{ name: 'disk.img', digest: digestText('unsigned') }]);
});
