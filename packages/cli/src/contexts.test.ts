import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contextsPath, inContext } from './contexts.ts';
import { callIn } from './testing/call.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-contexts-'));
  writeFileSync(join(home, 'token'), 'swt_lab\n');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const slipway = (...words: string[]) => callIn(home, { HOME: home })(...words);
const effective = async (env: NodeJS.ProcessEnv = {}) => {
  const where: { readonly env: NodeJS.ProcessEnv } = { env: { HOME: home, ...env } };
  const { env: seen } = await inContext(where);
  return [seen['SLIPWAY_URL'], seen['SLIPWAY_TOKEN']];
};

test('servers are kept by name for their owner alone, and the one in use counts until the environment says otherwise', async () => {
  expect(await effective()).toEqual([undefined, undefined]);
  const lab = ['context', 'add', 'lab', 'https://lab.example.org/', '--token-file', 'token'];
  expect((await slipway(...lab)).status).toBe(0);
  expect((await slipway('context', 'add', 'prod', 'https://prod.example.org')).status).toBe(0);
  expect(statSync(contextsPath({ env: { HOME: home } })).mode & 0o777).toBe(0o600);

  // The first one is in use until another is.
  expect(await effective()).toEqual(['https://lab.example.org', 'swt_lab']);
  expect((await slipway('context', 'use', 'prod')).status).toBe(0);
  expect(await effective()).toEqual(['https://prod.example.org', undefined]);
  expect(await effective({ SLIPWAY_TOKEN: 'mine' })).toEqual(['https://prod.example.org', 'mine']);
  expect(await effective({ SLIPWAY_URL: 'http://x' })).toEqual(['http://x', undefined]);
  expect(await effective({ SLIPWAY_CONTEXT: 'lab' })).toEqual(['https://lab.example.org', 'swt_lab']);
  expect(await effective({ SLIPWAY_DATA: '/x' })).toEqual([undefined, undefined]);

  // Nor does the server get a token that is kept for another.
  expect(await slipway('devices', 'list')).toMatchObject({
    status: 78,
    err: expect.stringMatching(/No token is kept/),
  });

  const list = await slipway('context', 'list');
  expect(list.out).toMatch(
    /^CONTEXT +SERVER +TOKEN\nlab +https:\/\/lab\S+ +kept\nprod +https:\/\/prod\S+ +- +in use$/,
  );
  expect(list.out).not.toContain('swt_lab');
  expect((await slipway('context', 'show', 'lab', '--json')).out).not.toContain('swt_lab');

  expect((await slipway('context', 'use', 'local')).status).toBe(0);
  expect(await effective()).toEqual([undefined, undefined]);
  expect((await slipway('context', 'remove', 'prod')).status).toBe(0);
  expect((await slipway('context', 'use', 'prod')).status).toBe(66);
});

test.each([
  ['a name that is an option of ours', ['add', 'local', 'https://x.example.org'], 64],
  ['an address that is none', ['add', 'x', 'prod.example.org'], 64],
  ['a token over plain HTTP to elsewhere', ['add', 'x', 'http://x.example.org', '--token-file', 'token'], 64],
  ['a file that is not there', ['add', 'x', 'https://x.example.org', '--token-file', 'nothing'], 66],
  ['a name that nobody knows', ['remove', 'nobody'], 66],
])('%s is refused', async (_what, words, status) => {
  expect((await slipway('context', ...words)).status).toBe(status);
});
