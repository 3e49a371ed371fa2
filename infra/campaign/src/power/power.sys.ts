import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conductOf, parseTrace, readFixtures } from '@slipway/fleet-sim/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Summary } from './campaign/summary.ts';
import { wireFileOf } from './record/recording.ts';
import { runPower } from './run.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const CASES = 14;
const BOOTS = 2;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-power-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('an update is recorded, and a sample of cuts converges to the same bytes', async () => {
  const lines: string[] = [];
  const args = [
    '--out',
    folder,
    '--arch',
    'amd64',
    '--scenario',
    'commit',
    '--cases',
    String(CASES),
    '--real',
    String(BOOTS),
    '--kills',
    '0',
  ];
  const status = await runPower(root, args, (line) => lines.push(line));
  const summary = Summary.parse(JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')));
  if (status !== 0) console.error(lines.join('\n'));
  expect(summary.failures).toEqual([]);
  expect(summary.contradictions).toEqual([]);
  expect(status).toBe(0);
  expect(summary).toMatchObject({ bricked: 0, wrong: 0, cases: CASES, judged: CASES });
  expect(summary.booted).toBeGreaterThanOrEqual(BOOTS);
  // The old slot and the new one have both been seen to come up.
  const seen = summary.verdicts.map(({ verdict }) => verdict);
  expect(seen).toContain('boots-old-resumes');
  expect(seen.some((verdict) => verdict.startsWith('boots-new'))).toBe(true);
  // Simulated devices are held to this: it is what real ones still do. docs/fleet-sim.md tells how to renew it.
  const trace = parseTrace(await readFile(wireFileOf(folder, 'amd64', 'commit'), 'utf8'));
  expect(conductOf(trace)).toEqual(conductOf(readFixtures().commit));
});
