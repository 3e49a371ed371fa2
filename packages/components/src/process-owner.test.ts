import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAbandoned, ownerName } from './process-owner.ts';

/** No process has a number above the highest. */
const GONE = 4_194_999;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-owner-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const setAge = (hours: number): void => {
  const then = new Date(Date.now() - hours * 3_600_000);
  utimesSync(folder, then, then);
};

test('among processes that see each other, the number tells, whatever the age', async () => {
  const own = await ownerName();
  setAge(100);
  expect(await isAbandoned(folder, own)).toBe(false);
  expect(await isAbandoned(folder, `${own}-more`)).toBe(false);
  setAge(0);
  expect(await isAbandoned(folder, own.replace(/^\d+/, String(GONE)))).toBe(true);
});

test('of one that nobody here can see, the age tells', async () => {
  for (const owner of [`${process.pid}-1-x`, `${GONE}-1-x`, String(process.pid)]) {
    setAge(23);
    expect(await isAbandoned(folder, owner)).toBe(false);
    setAge(25);
    expect(await isAbandoned(folder, owner)).toBe(true);
    expect(await isAbandoned(join(folder, 'gone'), owner)).toBe(false);
  }
});
