import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildId, ReleaseId } from '@slipway/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planOf } from './plan.ts';
import { readSubject, type Ids } from './subject.ts';

let folder: string;
const storeDir = (): string => join(folder, 'store');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-plan-'));
  for (const name of ['store/bundles', 'default', 'profiles/pumps/secure-boot'])
    await mkdir(join(folder, name), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let number = 0;
/** A release with a disk image, as far as a plan looks at it. */
const put = async (signing: string, secureBoot: boolean): Promise<Ids> => {
  number += 1;
  const digits = String(number).padStart(16, '0');
  const ids = { release: ReleaseId.parse(`rel_${digits}`), build: BuildId.parse(`bld_${digits}`) };
  const own = { v: 1, ...ids, version: '1.0.0', counter: number, deviceClass: 'edge', timeFloor: 1 };
  const digest = `sha256:${'a'.repeat(64)}`;
  const request = {
    ...own,
    classFile: {
      name: 'classes/edge.yml',
      text: `name: edge\narch: amd64\nimages: [../edge.yml]\nsigning: ${signing}\nsecureBoot: ${secureBoot}\n`,
    },
    imageFiles: [{ name: 'edge.yml', text: '' }],
    deployment: { enrolUrl: 'https://slipway.example', serverCa: '', releaseRoot: '' },
  };
  const result = {
    ...own,
    arch: 'amd64',
    rootHash: 'b'.repeat(64),
    verityDataBlocks: 1,
    artifacts: [],
    request: digest,
    components: [],
  };
  const build = join(storeDir(), 'builds', ids.build);
  await mkdir(build, { recursive: true });
  await writeFile(join(build, 'request.json'), JSON.stringify(request));
  await writeFile(join(build, 'result.json'), JSON.stringify(result));
  await writeFile(join(build, 'disk.img'), 'disk');
  await writeFile(join(storeDir(), 'bundles', `${ids.release}.tar`), 'bundle');
  await writeFile(join(storeDir(), 'bundles', `${ids.release}.disk.img`), 'signed disk');
  return ids;
};
type Made = readonly [signing: string, secureBoot: boolean];
const planned = async (before: Made, after: Made) => {
  const from = await put(...before);
  const subject = await readSubject(storeDir(), await put(...after));
  return planOf(
    {
      storeDir: storeDir(),
      secureBootDir: join(folder, 'default'),
      profilesDir: join(folder, 'profiles'),
    },
    from,
    subject,
  );
};

test.each([
  ['by the same profile', ['pumps', true], ['pumps', true]],
  ['by another profile, without Secure Boot', ['default', false], ['pumps', false]],
] as const)('the device takes an update %s', async (_title, before, after) => {
  expect((await planned(before, after)).kind).toBe('update');
});

test('firmware that would start nothing of another profile is not asked to', async () => {
  expect(await planned(['default', true], ['pumps', true])).toEqual({
    kind: 'boot',
    reason: expect.stringMatching(/keys of the signing profile default.*nothing by pumps/),
  });
});
