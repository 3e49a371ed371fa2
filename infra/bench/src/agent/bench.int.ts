import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { benchAgent } from './bench.ts';
import { AgentBench } from './result.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the agent in a root of its own connects and installs, and every process of it is counted', async () => {
  const lines: string[] = [];
  const args = ['--dir', folder, '--no-peers', '--runtime', 'quickjs', '--root-mib', '4'];
  const status = await benchAgent(root, args, (line) => lines.push(line));
  const result = AgentBench.parse(JSON.parse(readFileSync(join(folder, 'agent.json'), 'utf8')));
  const [ours] = result.ours;
  expect(ours?.runtime).toBe('quickjs');
  const names = ours?.idle.processes.map(({ name }) => name) ?? [];
  // The runtime, and the helper that holds the connection.
  expect(names).toEqual(expect.arrayContaining(['qjs', 'slipway-crypto']));
  expect(ours?.idle.pssBytes).toBe(ours?.idle.processes.reduce((sum, { pssBytes }) => sum + pssBytes, 0));
  expect(ours?.installing.pssBytes).toBeGreaterThan(0);
  expect(ours?.rootBytes).toBeGreaterThan(4_000_000);
  expect(lines.join('\n')).toContain('slipway-agent, quickjs');
  const { goals } = result;
  const missed =
    (ours?.idle.pssBytes ?? 0) > goals.idlePssBytes ||
    (ours?.installing.pssBytes ?? 0) > goals.installingPssBytes ||
    (ours?.readyCpuSeconds ?? 0) > goals.readyCpuSeconds;
  expect(status).toBe(missed ? 1 : 0);
});

test('an option that does not exist is refused', async () => {
  await expect(benchAgent(root, ['--rot'], () => undefined)).rejects.toMatchObject({ code: 'USAGE' });
});
