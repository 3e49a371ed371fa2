import { createPrivateKey } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_RUNTIMES } from '@slipway/protocol';
import { MAX_OUTPUT_BYTES, NO_STATUS } from '../port.ts';
import { startSubject, type Subject } from './subjects.ts';

describe.each(AGENT_RUNTIMES)('programs and time on %s', (runtime) => {
  let ground: string;
  let subject: Subject;
  beforeAll(async () => {
    ground = await mkdtemp(join(tmpdir(), 'slipway-processes-'));
    subject = await startSubject(runtime, ground);
  });
  afterAll(async () => {
    await subject.stop();
    await rm(ground, { recursive: true, force: true });
  });

  test('status and both outputs', async () => {
    expect(await subject.calls.run(['sh', '-c', 'echo out; echo ärger >&2; exit 3'])).toEqual({
      status: 3,
      stdout: 'out\n',
      stderr: 'ärger\n',
    });
  });

  test('arguments are no shell text', async () => {
    const { stdout } = await subject.calls.run(['printf', '%s|', '$HOME', '*', 'a b', '']);
    expect(stdout).toBe('$HOME|*|a b||');
  });

  test('input arrives whole', async () => {
    const input = 'line\n'.repeat(60_000);
    expect((await subject.calls.run(['wc', '-c'], { input })).stdout.trim()).toBe(`${input.length}`);
    expect((await subject.calls.run(['cat'])).stdout).toBe('');
  });

  test('a program that does not read its input is judged by its status', async () => {
    const input = 'x'.repeat(300_000);
    expect(await subject.calls.run(['true'], { input })).toMatchObject({ status: 0 });
  });

  test('of an output the first bytes are kept, and the program ends as it wants', async () => {
    const { status, stdout, stderr } = await subject.calls.run([
      'sh',
      '-c',
      'head -c 1000000 /dev/zero | tr "\\0" x; head -c 1000000 /dev/zero | tr "\\0" y >&2; exit 4',
    ]);
    expect(status).toBe(4);
    expect(stdout).toBe('x'.repeat(MAX_OUTPUT_BYTES));
    expect(stderr).toBe('y'.repeat(MAX_OUTPUT_BYTES));
  });

  test('a program that takes too long is killed, and its children cannot hold it up', async () => {
    const command = ['sh', '-c', 'echo begun; sleep 20 & wait'];
    expect(await subject.calls.run(command, { timeoutMs: 200 })).toMatchObject({ status: NO_STATUS });
  });

  test('a program that a signal ends has no status', async () => {
    expect(await subject.calls.run(['sh', '-c', 'kill -9 $$'])).toMatchObject({ status: NO_STATUS });
  });

  test('a program that cannot be started is an error', async () => {
    await writeFile(join(ground, 'no-program'), '');
    await chmod(join(ground, 'no-program'), 0o644);
    await expect(subject.calls.run(['no-such-program-anywhere'])).rejects.toThrow('no-such-program-anywhere');
    await expect(subject.calls.run([join(ground, 'no-program')])).rejects.toThrow('no-program');
    await expect(subject.calls.run([join(ground, 'none')])).rejects.toThrow('none');
  });

  test('programs get no environment but a few variables', async () => {
    const { stdout } = await subject.calls.run(['env'], { environment: { TZ: 'UTC0' } });
    const names = stdout.split('\n').map((line) => line.replace(/=.*/, ''));
    expect(new Set(names)).toEqual(new Set(['', 'LC_ALL', 'OPENSSL_CONF', 'PATH', 'TZ']));
  });

  test('many at once, and nothing of them is left', async () => {
    await subject.calls.run(['true']);
    const { pid } = subject;
    const left = async () => ({
      descriptors: pid === undefined ? [] : await readdir(`/proc/${pid}/fd`),
      children: pid === undefined ? '' : await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'),
    });
    const before = await left();
    expect(before.children).toBe('');
    const all = await subject.calls.runMany(40, ['sh', '-c', 'echo $((6 * 7)); exit 5']);
    expect(new Set(all.map(({ status, stdout }) => `${status} ${stdout}`))).toEqual(new Set(['5 42\n']));
    expect(await left()).toEqual(before);
  });

  test('a new key is a P-256 key in PKCS #8', async () => {
    const pem = await subject.calls.newKey();
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(createPrivateKey(pem).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(await subject.calls.newKey()).not.toBe(pem);
  });

  test('random numbers lie in [0, 1) and differ', async () => {
    const numbers = await subject.calls.random(200);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(numbers).size).toBe(200);
    expect(Math.max(...numbers)).toBeGreaterThan(0.5);
    expect(Math.min(...numbers)).toBeLessThan(0.5);
  });

  test('the clock is that of the machine', async () => {
    const before = Math.floor(Date.now() / 1000);
    const now = await subject.calls.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now() / 1000);
    const kernel = async (): Promise<number> => Number.parseFloat(await readFile('/proc/uptime', 'utf8'));
    const begun = await kernel();
    const uptime = await subject.calls.uptime();
    expect(uptime).toBeGreaterThanOrEqual(Math.floor(begun));
    expect(uptime).toBeLessThanOrEqual(await kernel());
  });

  test('a sleep ends, early where its signal comes', async () => {
    const before = await subject.calls.uptime();
    await subject.calls.sleep(50);
    expect(await subject.calls.uptime()).toBeGreaterThan(before);
    await subject.calls.sleepAborted(3_600_000, 'during');
    await subject.calls.sleepAborted(3_600_000, 'before');
  });

  test.each([
    ['UTC0', 1_750_000_000, 0],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 1_750_000_000, 7200],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 1_736_000_000, 3600],
    ['NST3:30NDT,M3.2.0,M11.1.0', 1_736_000_000, -12_600],
  ])('the offset of %s at %d is %d s', async (zone, at, seconds) => {
    expect(await subject.calls.zoneOffset(zone, at)).toBe(seconds);
  });
});
