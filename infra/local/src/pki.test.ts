import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layoutOf, type Layout } from './layout.ts';
import { publishProfiles } from './pki.ts';

let layout: Layout;
beforeAll(async () => {
  layout = layoutOf(await mkdtemp(join(tmpdir(), 'slipway-pki-')));
  for (const profile of ['pumps', 'pumps.unfinished', 'gates']) {
    const keys = join(layout.profileKeysDir, profile);
    await mkdir(join(keys, 'secure-boot'), { recursive: true });
    await writeFile(join(keys, 'root.pem'), `root of ${profile}`);
    await writeFile(join(keys, 'secure-boot', 'db.key.pem'), 'private');
  }
  for (const name of ['PK.auth', 'db.auth', 'db.pem'])
    await writeFile(join(layout.profileKeysDir, 'pumps', 'secure-boot', name), name);
});
afterAll(() => rm(layout.dataDir, { recursive: true, force: true }));

test('what is public of a profile is there after a start, and no private key is', async () => {
  const enrolled = join(layout.profilesDir, 'pumps', 'secure-boot');
  await publishProfiles(layout);
  expect((await readdir(layout.profilesDir)).sort()).toEqual(['gates', 'pumps']);
  expect(await readFile(join(layout.profilesDir, 'pumps', 'release-root.pem'), 'utf8')).toBe('root of pumps');
  expect((await readdir(enrolled)).sort()).toEqual(['PK.auth', 'db.auth', 'db.pem']);
  // Its files for devices were not kept: only part of them would be enrolled.
  expect(existsSync(join(layout.profilesDir, 'gates', 'secure-boot'))).toBe(false);

  await rm(layout.profilesDir, { recursive: true });
  await publishProfiles(layout);
  expect((await readdir(enrolled)).sort()).toEqual(['PK.auth', 'db.auth', 'db.pem']);

  // As the change of a key leaves it.
  await rm(join(enrolled, 'db.auth'));
  await writeFile(join(enrolled, 'db.auth'), 'of both keys');
  await publishProfiles(layout);
  expect(await readFile(join(enrolled, 'db.auth'), 'utf8')).toBe('of both keys');
});
