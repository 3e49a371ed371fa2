import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '@slipway/fleet/testing';
import type { BuildId } from '@slipway/protocol';
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

/** A build is under way. */
const midway = () =>
  until('a build under way', async () => {
    const builds = join(ground.storeDir, 'builds');
    const found = await Promise.all((await readdir(builds)).map((id) => readdir(join(builds, id))));
    return found.some((files) => files.includes('attempts')) ? true : undefined;
  });

test('a build worker, the API and Redis are killed in the middle of twenty builds: every build ends exactly once', async () => {
  const { client, victims } = ground;
  const again = async (...names: (keyof typeof victims)[]): Promise<void> => {
    await Promise.all(names.map((name) => victims[name].kill()));
    await Promise.all(names.map((name) => victims[name].start()));
  };
  const asking: Promise<BuildId[]>[] = [];
  // Builds go on while what was killed starts again, and may all be over by then: each kill has five of its own.
  const killAmongFive = async (...names: (keyof typeof victims)[]): Promise<void> => {
    asking.push(askForBuilds(client, asking.length + 1, 5));
    await midway();
    await again(...names);
  };
  await killAmongFive('builder-a');
  await killAmongFive('api');
  await killAmongFive('redis');
  await killAmongFive('builder-a', 'builder-b', 'api', 'redis');
  const asked = (await Promise.all(asking)).flat();
  const builds = await untilOver(client, asked);
  const verdict = await judge(ground, asked, builds);
  expect(verdict).toMatchObject({ builds: 20, succeeded: 20, lost: [], doubled: [], broken: [] });
  // The kills have cost something, or they did not hit.
  expect(verdict.again).toBeGreaterThan(0);
});
