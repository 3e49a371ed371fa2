import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cleanup, createCleanup, createReport } from '@slipway/demo';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chain, runChain } from './chain.ts';
import { type Ground, openGround } from './ground.ts';
import type { Row } from './results.ts';

/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const cacheDir = join(import.meta.dirname, '..', '..', '..', '..', '.slipway', 'cache');

/** Two ways of many, on one device, each told by other evidence; all of them: `npm run campaign -- bad-slot`. */
const CHAIN: Chain = {
  place: { arch: 'amd64', slot: 'b' },
  secureBoot: true,
  cases: ['corrupt-root', 'unsigned-uki'],
  update: false,
};

let folder: string;
let cleanup: Cleanup;
let ground: Ground;
const report = createReport((line) => console.log(line), performance.now());

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-bad-slot-'));
  cleanup = createCleanup();
  ground = await openGround({ folder, cacheDir, report, cleanup });
});

afterAll(async () => {
  await cleanup.run();
  await rm(folder, { recursive: true, force: true });
});

test('a bad release never keeps a device: the old slot serves again by itself and says why', async () => {
  const rows: Row[] = [];
  const devices = join(folder, 'devices');
  const onRow = async (row: Row): Promise<void> => {
    rows.push(row);
  };
  await runChain(CHAIN, { ground, folder: devices, report, cleanup, onRow });
  expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  expect(rows.map((row) => row.case)).toEqual(CHAIN.cases);
});
