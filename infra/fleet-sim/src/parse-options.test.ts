import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HELP, parseOptions } from './parse-options.ts';

const plain = ['--class', 'edge', '--mqtt-url', 'mqtt://127.0.0.1:1883'];

test('devices are numbered, and what is not said has its default', () => {
  const { sim, json } = parseOptions([...plain, '--devices', '2', '--from', '7', '--prefix', 'x-']);
  expect(sim.names).toEqual(['x-00007', 'x-00008']);
  expect(sim).toMatchObject({ speed: 1, download: 'first-block', faults: { rollBack: 0 }, arch: 'amd64' });
  expect(json).toBeUndefined();
});

test('faults and pace are taken over', () => {
  const { sim } = parseOptions([
    ...plain,
    '--instant',
    '--rate',
    '1000:5000',
    '--skewed',
    '0.5',
    '--drops',
    '0.1',
    '--defers',
    '0.2',
    '--defer',
    '5',
  ]);
  expect(sim.speed).toBeNull();
  expect(sim.faults).toMatchObject({
    rate: { min: 1000, max: 5000 },
    skewed: 0.5,
    skewSeconds: 3600,
    dropsPerMinute: 0.1,
    defers: 0.2,
    deferSeconds: 5,
    accepts: 0,
  });
});

test('devices with certificates need no listener without', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-sim-'));
  const [identities, ca] = [join(folder, 'ids.jsonl'), join(folder, 'ca.pem')];
  writeFileSync(identities, `${JSON.stringify({ deviceId: 'd-1', key: 'k', certificate: 'c' })}\n`);
  writeFileSync(ca, 'ca');
  const args = `--class edge --identities ${identities} --ca ${ca} --mtls-url mqtts://h:1`;
  const { sim } = parseOptions(args.split(' '));
  expect(sim.names).toEqual([]);
  expect(sim.mutualTls).toMatchObject({ ca: 'ca', identities: [{ deviceId: 'd-1' }] });
});

test.each([
  ['without a listener', ['--class', 'edge']],
  ['without a class', plain.slice(2)],
  ['a share of more than all', [...plain, '--panic', '2']],
  ['no number', [...plain, '--devices', 'many']],
  ['another protocol', ['--class', 'edge', '--mqtt-url', 'http://h']],
  ['a flag that there is not', [...plain, '--what']],
])('%s: says what is wrong, and the help', (_, args) => {
  expect(() => parseOptions(args)).toThrow(HELP);
});
