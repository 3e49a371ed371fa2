import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callIn } from './testing/call.ts';

const IMAGE = `kernel: {image: 'deb:k'}\npackages: {k: {install: [linux]}}\n`;

let folder: string;
let call: ReturnType<typeof callIn>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  call = callIn(folder);
  mkdirSync(join(folder, 'images', 'classes'), { recursive: true });
  const files = {
    'images/edge.yml': IMAGE,
    'images/wrong.yml': `${IMAGE}servces: []\nservices: 1\n`,
    'images/part.yml': "init: ['deb:k']\n",
    'images/local.yml':
      "files: [{path: a, source: ~/.ssh/id.pub}]\ninit: ['oci:~/x', 'oci:../../y', alpine]\n",
    'images/bare.yml': 'services: []\n',
    'images/classes/local.yml': 'name: local\narch: amd64\nimages: [../edge.yml, ../local.yml]\n',
    'images/classes/bare.yml': 'name: bare\narch: amd64\nimages: [../bare.yml]\n',
    'images/classes/good.yml': 'name: good\narch: amd64\nimages: [../edge.yml, ../part.yml]\n',
    'images/classes/wrong.yml': 'name: wrong\narch: amd64\nimages: [../wrong.yml]\n',
    'images/classes/typo.yml': 'name: typo\narch: mips\nimages: [../edge.yml]\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('words', () => {
  test('that are off are refused with the usage status', async () => {
    expect(await call('bild')).toMatchObject({ status: 64, err: expect.stringContaining('build') });
    expect(await call('builds', 'create')).toMatchObject({
      status: 64,
      err: "USAGE: missing required argument 'class'. See slipway builds create --help.",
    });
    expect(await call('builds', 'create', 'edge', '--version', 'one')).toMatchObject({ status: 64 });
    expect(await call('rollouts', 'create', 'rel_x')).toMatchObject({ status: 78 });
    expect(await call('claims', 'create', '--class', 'Not A Class')).toMatchObject({ status: 64 });
    expect(await call('build', 'a.yml', '--arch', 'mips')).toMatchObject({
      status: 64,
      err: 'USAGE: --arch: expected amd64, arm64, arm/v7, riscv64 or s390x, found mips. See slipway build --help.',
    });
    expect(await call('lock', 'a.yml', '--arch', 'mips')).toMatchObject({
      err: 'USAGE: --arch: expected amd64, arm64, arm/v7, riscv64 or s390x, found mips. See slipway lock --help.',
    });
  });

  test('that encrypt or open a backup are of one kind, and name files that hold something', async () => {
    const keys = join(folder, 'keys');
    writeFileSync(keys, '# a comment\n\n');
    for (const words of [
      ['x', '--recipient', 'age1x', '--passphrase-file', keys],
      ['x', '--passphrase-file', join(folder, 'none')],
      ['verify', 'x', '--passphrase-file', join(folder, 'none')],
      ['verify', 'x', '--identity', keys],
      ['verify', 'x', '--identity', join(folder, 'none')],
    ])
      expect([words, await call('backup', ...words)]).toMatchObject([words, { status: 64 }]);
    writeFileSync(keys, 'short\n');
    expect((await call('restore', 'x', '--passphrase-file', keys)).err).toContain('at least 12 characters');
  });

  test('are told to programs as JSON', async () => {
    const { err } = await call('claims', 'create', '--class', 'a', '--ttl', 'soon', '--json');
    expect(JSON.parse(err)).toMatchObject({ code: 'USAGE' });
  });

  test('help is no error', async () => {
    expect(await call('--help')).toMatchObject({ status: 0, out: expect.stringContaining('rollouts') });
    expect(await call()).toMatchObject({ status: 64, err: expect.stringContaining('rollouts') });
    expect((await call('builds', 'create', '--help')).status).toBe(0);
  });

  test('without a server it says how to get one', async () => {
    const { status, err } = await call('devices', 'list');
    expect(status).toBe(78);
    expect(err).toMatch(/npm run up.*SLIPWAY_URL/s);
  });
});

describe('validate', () => {
  test('good files are good', async () => {
    expect(await call('validate', 'images/edge.yml', 'images/classes/good.yml')).toEqual({
      status: 0,
      out: 'images/edge.yml: ok\nimages/classes/good.yml: ok',
      err: '',
    });
  });

  test('every problem is named with its place', async () => {
    const { status, out } = await call('validate', 'images/wrong.yml');
    expect(status).toBe(65);
    expect(out).toContain('images/wrong.yml:3:1: servces: unknown key; did you mean "services"?');
    expect(out).toContain('images/wrong.yml:4:');
  });

  test('places inside the image repository are named as seen from here', async () => {
    expect(await call('validate', 'images/classes/typo.yml')).toMatchObject({
      status: 65,
      out: expect.stringContaining('images/classes/typo.yml:2:7: arch: '),
    });
    expect(await call('validate', 'images/classes/wrong.yml')).toMatchObject({
      status: 65,
      out: expect.stringContaining('images/wrong.yml:3:1: servces'),
    });
  });

  test('a part of an image is checked with the others it is merged with', async () => {
    expect((await call('validate', 'images/part.yml')).status).toBe(65);
    expect((await call('validate', '--merge', 'images/edge.yml', 'images/part.yml')).status).toBe(0);
  });

  test('a class stays within the image repository, a file alone may name anything', async () => {
    expect((await call('validate', 'images/local.yml')).status).toBe(0);
    expect(await call('validate', 'images/classes/local.yml')).toMatchObject({
      status: 65,
      out: expect.stringContaining(
        'images/local.yml:2:8: init[0]: expected a path inside the image repository',
      ),
    });
  });

  test('what a device starts from needs a kernel, an image alone does not', async () => {
    expect((await call('validate', 'images/bare.yml')).status).toBe(0);
    expect(await call('validate', 'images/classes/bare.yml')).toMatchObject({
      status: 65,
      out: expect.stringContaining('bare.yml: kernel.image is missing'),
    });
  });

  test('programs get the facts', async () => {
    const { out } = await call('validate', '--json', 'images/wrong.yml');
    expect(JSON.parse(out)).toMatchObject([
      {
        file: 'images/wrong.yml',
        ok: false,
        code: 'SPEC_INVALID',
        problems: expect.arrayContaining([expect.objectContaining({ line: 3, column: 1, key: 'servces' })]),
      },
    ]);
  });

  test('a file that is not there', async () => {
    expect((await call('validate', 'images/none.yml')).status).toBe(66);
  });
});

test('the version is told, for people and for programs', async () => {
  expect((await call('version')).out).toMatch(/^slipway \d+\.\d+\.\d+, Node \d+/);
  expect(JSON.parse((await call('version', '--json')).out)).toMatchObject({ node: process.versions.node });
});

test('a folder that can hold no cache is refused', async () => {
  expect(await call('cache', 'ls', '--cache', '/proc/cache')).toMatchObject({
    status: 73,
    err: expect.stringMatching(/^NOT_WRITABLE: \/proc\/cache/),
  });
});

test('completion knows every command and option', async () => {
  const { out } = await call('completion', 'bash');
  expect(out).toContain(
    "'rollouts create') names='' options='--device --group --query --channel --force --wave --waves --failure-threshold --failure-percent --max-in-flight --max-per-minute --soak --on-failure --approval --retries --backoff --penalty --priority --conflict-patience --offline-patience --start-at --end-at --mode --download-only --window --deadline --retry --dry-run --watch --json --help'",
  );
  expect(out).toContain("'bundle') names='verify show' options='--help'");
  expect((await call('completion', 'fish')).status).toBe(64);
});
