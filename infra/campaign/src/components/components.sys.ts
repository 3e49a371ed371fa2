import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WholeChainArch } from '@slipway/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeFor, probeSourceDigest } from './build-probe.ts';
import { Results, runComponents } from './run.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-components-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each(WholeChainArch.options)(
  'the probe for %s was compiled from its source as it is now',
  async (arch) => {
    expect((await readFile(probeFor(arch))).toString('latin1')).toContain(`source=${probeSourceDigest()}`);
  },
);

test('every component does what it is for, between machines, and nothing that it must not', async () => {
  const status = await runComponents(root, ['--arch', 'amd64', '--out', folder], () => undefined);
  const { rows } = Results.parse(JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')));
  expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  expect(status).toBe(0);
  const probed = ['wireguard', 'wireguard-names', 'dhcp', 'ssh', 'chrony', 'node-exporter', 'app', 'control'];
  expect(rows.flatMap(({ check }) => /^what (\S+) must not do$/.exec(check)?.[1] ?? [])).toEqual(probed);
  expect(rows).toHaveLength(probed.length + 11);
});
