import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@slipway/vm';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const root = join(import.meta.dirname, '..', '..');
const cacheDir = join(root, '.slipway', 'cache');
const main = join(root, 'packages', 'cli', 'src', 'main.ts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-run-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const IMAGE = `
kernel: { image: 'deb:kernel', cmdline: console=ttyS0 quiet panic=-1 }
init: ['deb:base']
files:
  - { path: www, directory: true }
  - path: init
    mode: '0755'
    contents: |
      #!/usr/bin/busybox sh
      bb=/usr/bin/busybox
      for name in failover net_failover virtio_net; do
        $bb insmod $($bb find /usr/lib/modules -name $name.ko'*')
      done
      $bb ip link set eth0 up
      $bb ip addr add 10.0.2.15/24 dev eth0
      $bb mount -t tmpfs tmpfs /www
      $bb uname -m > /www/index.html
      $bb httpd -f -p 80 -h /www
packages:
  kernel: { install: ['linux-image-cloud-\${arch}'], dependencies: ['linux-image-*'] }
  base: { install: [busybox-static], dependencies: none }
`;

const environment = { ...process.env, HOME: '/nowhere', SLIPWAY_CACHE: cacheDir };
const digestOf = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const MAX_ATTEMPTS = 1000;

/** Of a machine that may not be up yet. */
const answerOf = async (port: number, isOver: () => boolean): Promise<string> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) }).then(
      async (response) => response.text(),
      () => undefined,
    );
    if (answer !== undefined) return answer.trim();
    if (isOver()) throw new Error('the machine ended before it answered');
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
  }
  throw new Error(`the machine has not answered ${MAX_ATTEMPTS} times`);
};

/** What firmware starts, a disk of another kind that QEMU reads by a driver of its own, and a kernel with its disk. */
const STARTED = [
  ['edge-efi.qcow2', 'qcow2-efi', 'BdsDxe: starting'],
  ['edge-dynamic.vhd', 'dynamic-vhd', 'BdsDxe: starting'],
  ['edge-squashfs.img', 'kernel+squashfs', ''],
] as const;

beforeAll(async () => {
  await writeFile(join(folder, 'edge.yml'), IMAGE);
  const formats = STARTED.map(([, format]) => format).join(',');
  await promisify(execFile)(
    process.execPath,
    [main, 'build', '--arch', 'amd64', '--format', formats, '--no-sbom', '--no-provenance', 'edge.yml'],
    { cwd: folder, env: environment },
  );
});

test.each(STARTED)('an image answers from %s of %s, which stays as it is', async (name, _format, start) => {
  const disk = join(folder, name);
  const before = await digestOf(disk);
  const port = await freePort();
  const machine = spawn(process.execPath, [main, 'run', disk, '--publish', `${port}:80`], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  machine.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString('latin1');
  });
  let status: number | null | undefined;
  const ended = new Promise<number | null>((resolve) => {
    machine.on('close', (code) => {
      status = code;
      resolve(code);
    });
  });
  try {
    expect(await answerOf(port, () => status !== undefined)).toBe('x86_64');
    machine.kill('SIGINT');
    expect(await ended).toBe(0);
  } finally {
    machine.kill('SIGKILL');
  }
  expect(printed).toContain(start);
  expect(await digestOf(disk)).toBe(before);
});
