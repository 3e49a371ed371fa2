import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '@slipway/fleet/testing';
import { makeBuildGround, type BuildGround } from './ground.ts';
import { askForBuilds, judge, untilOver } from './round.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
let folder: string;
let ground: BuildGround;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-builds-'));
  ground = await makeBuildGround(root, folder);
});
afterAll(async () => {
  await ground?.close();
  await rm(folder, { recursive: true, force: true });
});

const filesOfBuilds = async (name: string): Promise<number> => {
  const builds = join(ground.storeDir, 'builds');
  const found = await Promise.all(
    (await readdir(builds)).map(async (id) => (await readdir(join(builds, id))).includes(name)),
  );
  return found.filter(Boolean).length;
};
/** So many builds are done, and one is under way. */
const middle = (done: number) =>
  until(`${done} builds and one under way`, async () =>
    (await filesOfBuilds('result.json')) >= done && (await filesOfBuilds('attempts')) > 0 ? true : undefined,
  );

test('a build worker, the API and Redis are killed in the middle of twenty builds: every build ends exactly once', async () => {
  const { client, victims } = ground;
  const again = async (...names: (keyof typeof victims)[]): Promise<void> => {
    await Promise.all(names.map((name) => victims[name].kill()));
    await Promise.all(names.map((name) => victims[name].start()));
  };
  const asking = askForBuilds(client, 1, 20);
  await middle(1);
  await again('builder-a');
  await middle(3);
  await again('api');
  await middle(6);
  await again('redis');
  await middle(9);
  await again('builder-a', 'builder-b', 'api', 'redis');
  const asked = await asking;
  const builds = await untilOver(client, asked);
  const verdict = await judge(ground, asked, builds);
  expect(verdict).toMatchObject({ builds: 20, succeeded: 20, lost: [], doubled: [], broken: [] });
  // The kills have cost something, or they did not hit.
  expect(verdict.again).toBeGreaterThan(0);
});
