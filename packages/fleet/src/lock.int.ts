import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SlipwayError } from '@slipway/protocol';
import { lockDirectory } from './lock.ts';

const HOLDER = `
const { lockDirectory } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});
try {
  await lockDirectory(process.argv[1]);
  console.log('held');
  setInterval(() => {}, 1000);
} catch (error) {
  console.log(error.code, error.details.pid);
}
`;

const directory = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'slipway-lock-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
};

const spawnHolder = async (path: string) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said]: unknown[] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
};

const refusalOf = async (path: string): Promise<SlipwayError | undefined> =>
  lockDirectory(path).then(
    () => undefined,
    (error: unknown) => (error instanceof SlipwayError ? error : undefined),
  );

test('a second process is told which one holds the directory', async () => {
  const path = await directory();
  const { child, said } = await spawnHolder(path);
  expect(said).toBe('held');
  const refusal = await refusalOf(path);
  expect(refusal?.code).toBe('DATABASE_LOCKED');
  expect(refusal?.details).toMatchObject({ pid: child.pid });
  expect(refusal?.message).toContain(String(child.pid));
});

test('the lock of a killed process is free at once', async () => {
  const path = await directory();
  const { child } = await spawnHolder(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockDirectory(path);
  expect((await spawnHolder(path)).said).toBe(`DATABASE_LOCKED ${process.pid}`);
  await lock.release();
});

test('one process takes it once, and again after its release', async () => {
  const path = await directory();
  const lock = await lockDirectory(path);
  expect((await refusalOf(path))?.code).toBe('DATABASE_LOCKED');
  await lock.release();
  await (await lockDirectory(path)).release();
});
