import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startVm, type Vm } from '@slipway/vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeSourceDigest, PROBE } from './hardened/build.ts';
import { buildProbedImage } from './hardened/image.ts';

const run = promisify(execFile);
/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const cacheDir = join(import.meta.dirname, '..', '..', '.slipway', 'cache');
const PATIENCE_MS = 1_200_000;
const wait = { timeoutMs: PATIENCE_MS };

let folder: string;
let vm: Vm;
let names: readonly string[];
const ports = { ssh: 0, app: 0, metrics: 0 };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-hardened-'));
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  const built = await buildProbedImage(folder, cacheDir, await readFile(join(folder, 'key.pub'), 'utf8'));
  ({ names } = built);
  for (const name of ['ssh', 'app', 'metrics'] as const) ports[name] = await freePort();
  vm = await startVm({
    arch: 'amd64',
    disk: built.disk,
    varsFile: join(folder, 'variables.fd'),
    memoryMb: 768,
    consoleLog: join(folder, 'console.log'),
    forwards: [
      { hostPort: ports.ssh, guestPort: 22 },
      { hostPort: ports.app, guestPort: 8080 },
      { hostPort: ports.metrics, guestPort: 9100 },
    ],
  });
  await vm.waitForConsole(/all probed/, wait);
});
afterAll(async () => {
  await vm.kill();
  await rm(folder, { recursive: true, force: true });
});

const TRIED = [
  'write-root',
  'write-usr',
  'mount',
  'ptrace',
  'sethostname',
  'mknod',
  'read-unlisted',
  'forks',
  'memory',
];
/** What a container's probe said. */
const said = (name: string): Record<string, string> =>
  Object.fromEntries(
    [...vm.console().matchAll(new RegExp(`^${name}: probe (\\S+) (done|refused)`, 'gm'))].map(
      ([, what = '', how = '']) => [what, how],
    ),
  );

test('the probe was compiled from its source as it is now', async () => {
  expect((await readFile(PROBE)).toString('latin1')).toContain(`source=${probeSourceDigest()}`);
});

test('no component does what it must not; a container that is held back by nothing does all of it', () => {
  const all = (how: string) => Object.fromEntries(TRIED.map((what) => [what, how]));
  expect(names).toEqual(['wireguard', 'dhcp', 'ssh', 'chrony', 'node-exporter', 'app', 'control']);
  for (const name of names)
    expect([name, said(name)]).toEqual([
      name,
      { ...all(name === 'control' ? 'done' : 'refused'), end: 'done' },
    ]);
});

const until = async <T>(what: () => Promise<T>): Promise<T> => {
  const end = Date.now() + PATIENCE_MS;
  for (;;)
    try {
      return await what();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
};
const get = async (port: number, path: string): Promise<string> =>
  until(async () => (await fetch(`http://127.0.0.1:${port}${path}`)).text());

test('the application and the metrics answer over the address that DHCP gave', async () => {
  expect(await get(ports.app, '/')).toContain('An application');
  const metrics = await get(ports.metrics, '/metrics');
  expect(metrics).toMatch(/^node_memory_MemTotal_bytes \d/m);
  // The tunnel is there before any service is.
  expect(metrics).toMatch(/^node_network_up\{device="wg0"\} /m);
});

/** Nothing of who runs the test: no settings, no agent, no keys. */
const SSH = [
  '-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null',
  '-o BatchMode=yes -o IdentitiesOnly=yes',
].flatMap((line) => line.split(' '));

test('who has the key logs in and sees the logs, by which the VPN is up and the clock is kept; nobody else does', async () => {
  const ssh = async (...more: readonly string[]) =>
    run('ssh', [
      '-p',
      String(ports.ssh),
      ...SSH,
      ...more,
      'root@127.0.0.1',
      'cd /run/slipway/log && /usr/bin/busybox cat wireguard.log chrony.log',
    ]);
  const { stdout } = await until(async () => ssh('-i', join(folder, 'key')));
  expect(stdout).toMatch(/^wg0 is up; public key [A-Za-z0-9+/]{43}=$/m);
  expect(stdout).toMatch(/chronyd version \S+ starting/);
  await expect(ssh('-o', 'PubkeyAuthentication=no')).rejects.toThrow(/Permission denied/);
});
