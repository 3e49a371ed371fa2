import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf } from '@slipway/protocol';
import { openSecretBox } from './secret-box.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-box-'));
});
afterAll(() => rm(folder, { recursive: true }));

const thrownBy = (work: () => unknown): string => {
  try {
    work();
    return 'nothing';
  } catch (error) {
    return codeOf(error);
  }
};

test('what is sealed opens with the same key, in its place, and unchanged', async () => {
  const file = join(folder, 'key');
  const sealed = (await openSecretBox(file)).seal('sécret', 'source:a');
  const box = await openSecretBox(file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(box.open(sealed, 'source:a')).toBe('sécret');
  expect(sealed).not.toContain('sécret');
  expect(box.seal('sécret', 'source:a')).not.toBe(sealed);
  expect(thrownBy(() => box.open(sealed, 'source:b'))).toBe('CONFIG_INVALID');
  const flipped = Buffer.from(sealed.slice(2), 'base64');
  flipped[30] = (flipped[30] ?? 0) ^ 1;
  expect(thrownBy(() => box.open(`1:${flipped.toString('base64')}`, 'source:a'))).toBe('CONFIG_INVALID');
  const other = await openSecretBox(join(folder, 'other'));
  expect(thrownBy(() => other.open(sealed, 'source:a'))).toBe('CONFIG_INVALID');
});

test('a key that is cut short is refused', async () => {
  await writeFile(join(folder, 'short'), 'AAAA\n');
  expect(await openSecretBox(join(folder, 'short')).catch(codeOf)).toBe('CONFIG_INVALID');
});
