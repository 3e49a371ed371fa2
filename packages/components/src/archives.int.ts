import { mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeCpio } from './cpio.ts';
import { createLayeredTree } from './layered-tree.ts';
import { runTool } from './run-tool.ts';
import { decodeTar } from './tar-reader.ts';
import { encodeTar } from './tar-writer.ts';
import type { Tree, TreeEntry } from './tree.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-archives-'));
  await mkdir(join(folder, 'out'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const meta = { mode: 0o644, ...owner, mtime: 1_000_000_000, source: 's' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const long = 'n'.repeat(200);
const entries: TreeEntry[] = [
  { ...meta, path: 'd', type: 'directory', mode: 0o755 },
  { ...meta, path: 'd/empty', type: 'file', content: bytes('') },
  { ...meta, path: `d/${long}`, type: 'file', mode: 0o4755, content: bytes('x'.repeat(1025)) },
  { ...meta, path: 'd/link', type: 'symlink', mode: 0o777, target: long },
  { ...meta, path: 'd/pipe', type: 'fifo' },
  { ...meta, path: 'd/twin', type: 'hardlink', mode: 0o4755, target: `d/${long}` },
  { ...meta, path: 'größe', type: 'file', content: bytes('ü') },
];
const tree: Tree = new Map(entries.map((entry) => [entry.path, entry]));

/** What is true of the folder it was unpacked into. */
const unpacked = async () => {
  const out = join(folder, 'out');
  const [one, two] = [await stat(join(out, 'd', long)), await stat(join(out, 'd', 'twin'))];
  return {
    long: await readFile(join(out, 'd', long), 'utf8'),
    umlaut: await readFile(join(out, 'größe'), 'utf8'),
    link: await readlink(join(out, 'd', 'link')),
    isPipe: (await stat(join(out, 'd', 'pipe'))).isFIFO(),
    isTwin: one.ino === two.ino,
    mode: one.mode & 0o7777,
    mtimeMs: one.mtimeMs,
  };
};
const EXPECTED = {
  long: 'x'.repeat(1025),
  umlaut: 'ü',
  link: long,
  isPipe: true,
  isTwin: true,
  mode: 0o4755,
  mtimeMs: meta.mtime * 1000,
};

test('GNU tar unpacks what we write, extended attributes with any bytes included', async () => {
  const value = Uint8Array.of(0x80, 0, 0xff, 0x0a, 0x3d);
  const withAttribute = new Map(tree);
  const file = tree.get('größe');
  if (file !== undefined)
    withAttribute.set(file.path, { ...file, xattrs: new Map([['user.slipway', value]]) });
  await writeFile(join(folder, 'a.tar'), Buffer.concat([...encodeTar(withAttribute)]));
  await runTool('tar', ['-xpf', join(folder, 'a.tar'), '--xattrs', '-C', join(folder, 'out')], {
    package: 'tar',
  });
  expect(await unpacked()).toEqual(EXPECTED);
  // Back through GNU tar's own writer: what it read from the file system is what we wrote.
  const again = await runTool('tar', ['-c', '--format=pax', '--xattrs', '-C', join(folder, 'out'), '.'], {
    package: 'tar',
  });
  const found = [...decodeTar(again, 's')].find(({ name }) => name === './größe');
  expect(found?.xattrs).toEqual(new Map([['user.slipway', value]]));
});

test.each(['gnu', 'pax', 'ustar', 'oldgnu'])('we read what GNU tar writes as %s', async (format) => {
  // ustar cannot split a name of 200 letters without a slash.
  const short =
    format === 'ustar'
      ? new Map(
          entries
            .filter(({ path }) => path === 'd' || path === 'd/empty')
            .map((entry) => [entry.path, entry]),
        )
      : tree;
  await writeFile(join(folder, 'a.tar'), Buffer.concat([...encodeTar(short)]));
  await runTool('tar', ['-xpf', join(folder, 'a.tar'), '-C', join(folder, 'out')], { package: 'tar' });
  const theirs = await runTool(
    'tar',
    ['-c', `--format=${format}`, '--sort=name', '--mtime=@1000000000', '-C', join(folder, 'out'), '.'],
    { package: 'tar' },
  );
  const read = createLayeredTree();
  read.apply(decodeTar(theirs, 's'), { source: 's', whiteouts: false, keepDirectorySymlinks: false });
  expect(read.toTree()).toEqual(short);
});

test('cpio unpacks what we write', async () => {
  const archive = join(folder, 'a.cpio');
  await writeFile(archive, encodeCpio(tree));
  await runTool('cpio', ['-idm', '--quiet', '-F', archive], { package: 'cpio', cwd: join(folder, 'out') });
  expect(await unpacked()).toEqual(EXPECTED);
});

test('times beyond 2106 are read by GNU tar as they are, and do not break a cpio', async () => {
  // In the order of their names.
  const times = [2 ** 32 + 5, 8 ** 12 + 9, 8 ** 11 + 7];
  const late: Tree = new Map(
    times.map((mtime) => [
      `${mtime}`,
      { ...meta, path: `${mtime}`, type: 'file', mtime, content: bytes('x') },
    ]),
  );
  await writeFile(join(folder, 'a.tar'), Buffer.concat([...encodeTar(late)]));
  const list = ['--utc', '--full-time', '-tvf', join(folder, 'a.tar')];
  const listed = (await runTool('tar', list, { package: 'tar' })).toString();
  for (const mtime of times)
    expect(listed).toContain(
      new Date(mtime * 1000).toISOString().replace('T', ' ').replace('.000Z', ` ${mtime}`),
    );
  expect(decodeTar(Buffer.concat([...encodeTar(late)]), 's').map(({ mtime }) => mtime)).toEqual(times);
  const archive = join(folder, 'a.cpio');
  await writeFile(archive, encodeCpio(late));
  const names = await runTool('cpio', ['-t', '--quiet', '-F', archive], { package: 'cpio' });
  expect(names.toString().trim().split('\n')).toEqual(times.map(String));
});

test('the same tree gives the same cpio', () => {
  expect(encodeCpio(new Map([...tree].reverse()))).toEqual(encodeCpio(tree));
});
