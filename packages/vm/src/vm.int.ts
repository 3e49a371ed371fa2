import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, messageOf } from '@slipway/protocol';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startVm, type VmOptions } from './vm.ts';

let folder: string;
let options: VmOptions & { readonly varsFile: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-vm-test-'));
  const disk = join(folder, 'empty.img');
  await writeFile(disk, '');
  await truncate(disk, 1024 * 1024);
  options = {
    arch: 'amd64',
    disk,
    varsFile: join(folder, 'vars.fd'),
    memoryMb: 256,
    consoleLog: join(folder, 'console.log'),
    forwards: [],
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the firmware starts, is reset, starts again, and ends when killed', async () => {
  const vm = await startVm(options);
  try {
    await vm.waitForConsole(/BdsDxe: (?:loading|failed)/, { timeoutMs: 120_000 });
    const from = vm.consolePosition();
    await vm.reset();
    await vm.waitForConsole(/BdsDxe: (?:loading|failed)/, { timeoutMs: 120_000, from });
  } finally {
    expect(await vm.kill()).toMatchObject({ code: null, signal: 'SIGKILL' });
  }
  await expect(vm.reset()).rejects.toMatchObject({ code: 'VM_FAILED' });
  expect((await readFile(options.consoleLog)).length).toBeGreaterThan(0);
});

/** What has ended and waits for somebody to ask for its status has no command line either. */
const isGone = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) === '';

test('it ends with the process that started it, also where that is killed', async () => {
  const own = { ...options, varsFile: join(folder, 'orphan.fd'), consoleLog: join(folder, 'orphan.log') };
  const code = `const { startVm } = await import(${JSON.stringify(join(import.meta.dirname, 'vm.ts'))});
    console.log((await startVm(${JSON.stringify(own)})).pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(String(said));
  // A process that is just becoming another program has no command line for an instant.
  await vi.waitFor(async () => expect(await isGone(pid)).toBe(false), { timeout: 10_000, interval: 20 });
  parent.kill('SIGKILL');
  await vi.waitFor(async () => expect(await isGone(pid)).toBe(true), { timeout: 60_000, interval: 20 });
});

test('it ends at the next reset when told to', async () => {
  const vm = await startVm(options);
  try {
    await vm.waitForConsole(/BdsDxe: (?:loading|failed)/, { timeoutMs: 120_000 });
    await vm.stopAtReset();
    await vm.reset();
    expect(await vm.exited).toMatchObject({ code: 0, signal: null });
  } finally {
    await vm.kill();
  }
});

test('keys that are not there: TOOL_FAILED, and no variables are left behind', async () => {
  const varsFile = join(folder, 'secure.fd');
  await expect(startVm({ ...options, varsFile, secureBoot: { keysDir: folder } })).rejects.toMatchObject({
    code: 'TOOL_FAILED',
  });
  expect((await readdir(folder)).filter((name) => name.startsWith('secure.fd'))).toEqual([]);
});

test('a disk that is not there ends QEMU, and the error tells what QEMU said', async () => {
  const vm = await startVm({ ...options, disk: join(folder, 'missing.img') });
  await expect(vm.waitForConsole(/ready/, { timeoutMs: 60_000 })).rejects.toMatchObject({
    code: 'VM_FAILED',
    message: expect.stringContaining('missing.img') as unknown,
  });
  expect((await vm.exited).code).toBe(1);
});

test('a window that cannot be opened is told: of a package that is missing, or of a screen', async () => {
  for (const screen of ['DISPLAY', 'WAYLAND_DISPLAY']) vi.stubEnv(screen, undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const backends = spawnSync('qemu-system-x86_64', ['-display', 'help'], { encoding: 'utf8' }).stdout;
  const told = await startVm({ ...options, gui: true }).then(
    async (vm) => (await vm.exited).said,
    (error: unknown) => `${codeOf(error)} ${messageOf(error)}`,
  );
  expect(told).toMatch(
    backends.split('\n').includes('gtk') ? /gtk initialization failed/ : /^TOOL_MISSING .* qemu-system-gui$/,
  );
});
