import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { codeOf, ERRORS, explainStorage, messageOf, SlipwayError } from './errors.ts';

const system = (code: string, path?: string): Error =>
  Object.assign(new Error(`${code}: it failed`), { code, path });
const explained = (error: unknown): string => codeOf(explainStorage(error, ['/out', '/cache']));

test.each<[string, unknown, string]>([
  ['a full disk', system('ENOSPC'), 'DISK_FULL'],
  ['a quota', system('EDQUOT', '/elsewhere'), 'DISK_FULL'],
  [
    'a full disk that was taken for something else',
    new SlipwayError('COMPONENT_INVALID', 'x', { cause: system('ENOSPC') }),
    'DISK_FULL',
  ],
  ['a folder that nobody may write to', system('EACCES', '/out/image.tar'), 'NOT_WRITABLE'],
  ['a file in the way', system('EEXIST', '/out'), 'NOT_WRITABLE'],
  ['a refusal elsewhere', system('EACCES', '/outside'), 'INTERNAL'],
  [
    'a refusal that was explained',
    new SlipwayError('SPEC_INVALID', 'x', { cause: system('EACCES', '/out/x') }),
    'SPEC_INVALID',
  ],
  ['anything else', new Error('x'), 'INTERNAL'],
])('%s', (_title, error, code) => {
  expect(explained(error)).toBe(code);
});

test('a full disk is told as one by every program, with the folders if they are known', () => {
  expect(codeOf(new Error('x', { cause: system('ENOSPC') }))).toBe('DISK_FULL');
  expect(messageOf(explainStorage(system('ENOSPC'), ['/out', '/cache']))).toContain('/out or /cache');
});

test('every code of the files of the catalogue is in it, and in one of them alone', async () => {
  const folder = new URL('errors/', import.meta.url);
  const codes: string[] = [];
  for (const name of await readdir(folder)) {
    const file: Record<string, unknown> = await import(new URL(name, folder).href);
    for (const area of Object.values(file))
      if (typeof area === 'object') codes.push(...Object.keys(area ?? {}));
  }
  expect(codes.toSorted()).toEqual(Object.keys(ERRORS).toSorted());
});
