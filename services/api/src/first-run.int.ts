import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDevice, until } from '@slipway/fleet/testing';
import type { FirstRun } from '@slipway/protocol';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';
import { startWorkers } from './testing/workers.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
});
afterAll(() => api.close());

const doneOf = ({ steps }: FirstRun): string[] =>
  steps.filter(({ done }) => done).map(({ name, subject }) => `${name} ${subject ?? ''}`);

test('an empty installation is filled with the example, whose components are packed', async () => {
  const example = api.path('example');
  for (const folder of ['classes', 'components/note/files', 'oci/old'])
    await mkdir(`${example}/${folder}`, { recursive: true });
  const files = {
    'classes/edge-test.yml': CLASS_FILE,
    'edge.yml': IMAGE_FILE,
    'components/note/component.yml': 'name: note\nversion: 1.0.0\n',
    'components/note/files/note': 'a note\n',
    'oci/old/index.json': 'packed elsewhere',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(`${example}/${name}`, text);
  await rm(api.path('images'), { recursive: true });
  await api.stop();
  Object.assign(api.config, { exampleImagesDir: example });
  await api.start();
  const client = api.client();

  const empty = await client.firstRun.get();
  expect(empty).toMatchObject({ done: false, images: { classes: 0, example: true }, virtualDevices: 2 });
  expect(doneOf(empty)).toEqual([]);
  expect(await client.exampleImages.put()).toEqual({ files: 4, packed: ['oci/note'] });
  const filled = await client.firstRun.get();
  expect(doneOf(filled)).toEqual(['images edge-test']);
  expect(filled.images).toEqual({ classes: 1, problem: null, unpacked: [], example: false });
  await expect(client.exampleImages.put()).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('steps are done when their rows are there, and name them', async () => {
  const client = api.client();
  const workers = startWorkers(api.config.redisUrl, api.config.storeDir);
  const { id: build, release } = await client.builds.create({ deviceClass: 'edge-test', version: '1.0.0' });
  await until(
    'the end of the build',
    async () => (await client.builds.get(build)).state === 'succeeded' || undefined,
  );
  await workers.close();
  await client.releases.publish(release);
  await seedDevice(api.db, 'gate-1');
  expect(doneOf(await client.firstRun.get())).toEqual([
    'images edge-test',
    `build ${build}`,
    `publish ${release}`,
    'device gate-1',
  ]);
});

test('a virtual device needs a disk image, has a limit, and says how it failed', async () => {
  const client = api.client();
  const deviceClass = 'edge-test';
  await expect(client.virtualDevices.create({ deviceClass })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const [build] = await client.builds.list({ deviceClass }).all();
  await writeFile(api.path(`store/builds/${build?.id}/disk.img`), 'no disk');
  const disk = JSON.stringify([{ name: 'disk.img', size: 7, digest: `sha256:${'d'.repeat(64)}` }]);
  await api.db.execute(`update builds set artifacts = '${disk}'`);

  const made = await client.virtualDevices.create({ deviceClass });
  expect(made).toMatchObject({ state: 'preparing', build: build?.id, version: '1.0.0', httpPort: null });
  const failed = await until('it to fail', async () => {
    const found = await client.virtualDevices.get(made.id);
    return found.state === 'failed' ? found : undefined;
  });
  expect(failed.message).toMatch(/no partition table|GPT|partition/i);
  await client.virtualDevices.create({ deviceClass, id: 'second' });
  await expect(client.virtualDevices.create({ deviceClass })).rejects.toMatchObject({ code: 'CONFLICT' });
  await client.virtualDevices.delete(made.id);
  expect((await client.virtualDevices.list()).map(({ id }) => id)).toEqual(['second']);
  // What was never finished is not there after a restart.
  await api.stop();
  await api.start();
  expect(await api.client().virtualDevices.list()).toEqual([]);
});

test('a server that is not meant to starts none, and says where else', async () => {
  await api.stop();
  Object.assign(api.config, { virtualDevicesDir: undefined });
  await api.start();
  const client = api.client();
  expect(await client.virtualDevices.list()).toEqual([]);
  await expect(client.virtualDevices.create({ deviceClass: 'edge-test' })).rejects.toMatchObject({
    code: 'VIRTUAL_DEVICES_OFF',
  });
});
