import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MAX_STATUS_LOG } from '@slipway/protocol';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentConfig } from '../config.ts';
import { NO_EVIDENCE } from '../fixture/world.ts';
import { nodeRuntime } from '../runtime/node/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { trialTraces, type TrialTraces } from './traces.ts';

const VARIABLE = 'sys/firmware/efi/efivars/SlipwayTrial-6b4f0b52-6a7e-4c64-9d5b-1f0d5c8a7e21';
const BOOT = '3f1c9b1e-0000-4000-8000-000000000001';

let root: string;
let runtime: Runtime;
let traces: TrialTraces;
let lines: string[];
const put = async (name: string, content: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), content);
};
const variable = (text: string): Buffer => Buffer.concat([Buffer.from([7, 0, 0, 0]), Buffer.from(text)]);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-traces-'));
  lines = [];
  runtime = nodeRuntime({
    searchPath: process.env['PATH'] ?? '',
    rebootCommand: null,
    log: (line) => lines.push(line),
  });
  traces = trialTraces(runtime, agentConfig(root), 'systemd-boot');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('a device without any of it has left nothing', async () => {
  expect(await traces.read()).toEqual({ ...NO_EVIDENCE, hasFirmwareVariables: false });
  await traces.clear();
  expect(lines).toEqual([]);
});

describe('what a trial leaves', () => {
  test('in the firmware and on the data partition is read', async () => {
    await put(VARIABLE, variable(`boot ${BOOT}\nstage initramfs\nstage root\n`));
    await put('data/slipway/trial/stage', `init ${BOOT}\nagent ${BOOT}\nfail the agent does not stay up\n`);
    await put('data/slipway/trial/log', 'web: up\n');
    await put('sys/class/watchdog/watchdog0/bootstatus', '32\n');
    expect(await traces.read()).toEqual({
      trial: { bootId: BOOT, stage: 'root', fail: null },
      stages: { init: BOOT, agent: BOOT, fail: 'the agent does not stay up' },
      panic: null,
      watchdogReset: true,
      hasFirmwareVariables: true,
      log: 'web: up\n',
    });
  });

  test.each(['grub', 'u-boot', 'tryboot'] as const)('no variable says nothing under %s', async (loader) => {
    await put('sys/firmware/efi/efivars/Other-1', 'x');
    expect((await traces.read()).hasFirmwareVariables).toBe(true);
    const others = trialTraces(runtime, agentConfig(root), loader);
    expect((await others.read()).hasFirmwareVariables).toBe(false);
  });

  test('when its root failed, with the reason', async () => {
    await put(
      VARIABLE,
      variable(`boot ${BOOT}\nstage initramfs\nfail root-b: expected root hash 9f, read 1c`),
    );
    expect((await traces.read()).trial).toEqual({
      bootId: BOOT,
      stage: 'initramfs',
      fail: 'root-b: expected root hash 9f, read 1c',
    });
  });

  test('in pstore is put together from its parts, of the last panic only', async () => {
    const record = async (time: number, part: number, text: string): Promise<void> =>
      put(`sys/fs/pstore/dmesg-efi_pstore-${time}0${part}001`, `Panic#1 Part${part}\n${text}\n`);
    await record(1_700_000_000, 1, '<0>Kernel panic - not syncing: an older one');
    await record(1_700_000_500, 1, '<4>the last line');
    await record(1_700_000_500, 2, '<0>Kernel panic - not syncing: Attempted to kill init!');
    await record(1_700_000_500, 3, '<4>the first line');
    await put('sys/fs/pstore/dmesg-efi_pstore-170000090001001', 'Oops#1 Part1\n<4>survived\n');
    const { panic, log } = await traces.read();
    expect(panic).toBe(
      '<4>the first line\n<0>Kernel panic - not syncing: Attempted to kill init!\n<4>the last line\n',
    );
    expect(log).toContain('last words of the kernel ---\n<4>the first line');
  });

  test('is bounded: the end of long logs, in plain characters', async () => {
    await put('data/slipway/trial/log', `${'x'.repeat(300_000)}\u001B[31mred\u001B[0m ünicode\r\nthe end\n`);
    await put('sys/fs/pstore/dmesg-efi_pstore-170000000001001', `Panic#1 Part1\n${'y'.repeat(50_000)}last\n`);
    const { log, panic } = await traces.read();
    expect(log.length).toBeLessThanOrEqual(MAX_STATUS_LOG);
    expect(panic?.length).toBeLessThanOrEqual(MAX_STATUS_LOG);
    expect(log).toMatch(/xred {1,2}nicode\nthe end\n/);
    expect(log.endsWith('ylast\n')).toBe(true);
    expect(JSON.stringify(log).length).toBeLessThan(2 * MAX_STATUS_LOG);
  });

  test('goes when it is cleared, other variables and files stay', async () => {
    await put(VARIABLE, variable(`boot ${BOOT}\n`));
    await put('sys/firmware/efi/efivars/Other-1', 'x');
    await put('data/slipway/trial/stage', `init ${BOOT}\n`);
    await put('data/slipway/trial/log', 'x');
    await put('data/slipway/state.a', 'x');
    await put('sys/fs/pstore/dmesg-efi_pstore-170000000001001', 'Panic#1 Part1\nx\n');
    await put('sys/fs/pstore/console-ramoops-0', 'x');
    await traces.clear();
    expect(await traces.read()).toEqual(NO_EVIDENCE);
    expect(await readdir(join(root, 'sys/firmware/efi/efivars'))).toEqual(['Other-1']);
    expect(await readdir(join(root, 'data/slipway'))).toEqual(['state.a', 'trial']);
    expect(await readdir(join(root, 'sys/fs/pstore'))).toEqual(['console-ramoops-0']);
  });

  test('and cannot be removed keeps the next trial from being armed', async () => {
    await mkdir(join(root, 'data/slipway/trial/log'), { recursive: true });
    await put('data/slipway/trial/log/in-the-way', 'x');
    await expect(traces.clear()).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
  });
});

test('whatever lies there, reading it never fails', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.string({ maxLength: 600 }).map((text) => new TextEncoder().encode(`Panic#1 Part1\n${text}`)),
    fc
      .string({ maxLength: 200 })
      .map((text) => new TextEncoder().encode(`boot ${text}\nfail ${text}\nstage ${text}`)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, bytes, async (value, stage, log, record) => {
      await put(VARIABLE, value);
      await put('data/slipway/trial/stage', stage);
      await put('data/slipway/trial/log', log);
      await put('sys/fs/pstore/dmesg-1', record);
      await put('sys/class/watchdog/watchdog0/bootstatus', log);
      const evidence = await traces.read();
      expect(evidence.log.length).toBeLessThanOrEqual(MAX_STATUS_LOG);
    }),
    { numRuns: 200 },
  );
  expect(lines).toEqual([]);
});
