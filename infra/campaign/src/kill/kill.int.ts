import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKillGround, type KillGround } from './ground.ts';
import { killDuringRollout } from './run.ts';
import type { Victim } from './victims.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
let folder: string;
let ground: KillGround;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-kill-'));
  ground = await makeKillGround(root, folder);
});
afterAll(async () => {
  await ground?.close();
  await rm(folder, { recursive: true, force: true });
});

test('services are killed during a rollout: nothing is lost, done twice or above its limit, and the end is the same', async () => {
  const options = {
    devices: 40,
    kills: 3,
    only: ['broker', 'redis', 'api'] satisfies Victim[],
    'in-flight': 6,
    seed: 1,
    speed: 20,
  };
  const result = await killDuringRollout(ground, options, (line) => console.log(line));
  expect(result).toMatchObject({ lost: [], doubled: [], above: [], different: [] });
  expect(result.builds).toEqual({ lost: [], doubled: [], broken: [] });
  expect(Object.values(result.kills).reduce((sum, count) => sum + count, 0)).toBe(3);
});
