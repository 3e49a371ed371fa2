import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from './testing/build.ts';
import { expectedListing, listingOf, textAt } from './testing/listing.ts';

const withFiles = (files: string, options: Parameters<typeof build>[1] = {}) =>
  build(`files:\n${files}`, options);

/** One row per attribute: what is listed, and every entry that it makes. */
const ROWS: readonly (readonly [files: string, listing: string])[] = [
  ['- { path: a, contents: "x" }', 'f 600 0:0 K a 1'],
  ['- { path: /a, contents: "" }', 'f 600 0:0 K a 0'],
  ['- { path: a, contents: "x", mode: "0644", uid: 1, gid: 2 }', 'f 644 1:2 K a 1'],
  ['- { path: a, contents: "x", mode: "4755" }', 'f 4755 0:0 K a 1'],
  ['- { path: a, directory: true }', 'd 700 0:0 K a'],
  ['- { path: a/, directory: true, mode: "0755", uid: 3 }', 'd 755 3:0 K a'],
  // A symlink has the mode that a file would have.
  ['- { path: a, symlink: /b }', 'l 600 0:0 K a -> /b'],
  ['- { path: a, symlink: ../b, mode: "0777", uid: 4 }', 'l 777 4:0 K a -> ../b'],
  // Directories above: search permission follows read permission, for each of owner, group and others.
  ['- { path: a/b/c, contents: "x" }', 'd 700 0:0 K a\nd 700 0:0 K a/b\nf 600 0:0 K a/b/c 1'],
  ['- { path: a/b, contents: "x", mode: "0644", uid: 5, gid: 6 }', 'd 755 5:6 K a\nf 644 5:6 K a/b 1'],
  ['- { path: a/b, contents: "x", mode: "0040" }', 'd 50 0:0 K a\nf 40 0:0 K a/b 1'],
  ['- { path: a/b, directory: true, mode: "0500" }', 'd 500 0:0 K a\nd 500 0:0 K a/b'],
  ['- { path: a/b, symlink: c }', 'd 700 0:0 K a\nl 600 0:0 K a/b -> c'],
  // The first entry that needs a directory makes it.
  [
    '- { path: a/b, contents: "x" }\n- { path: a/c, contents: "x", mode: "0644", uid: 7 }',
    'd 700 0:0 K a\nf 600 0:0 K a/b 1\nf 644 7:0 K a/c 1',
  ],
  // What is listed itself is as it is listed, before or after.
  [
    '- { path: a/b, contents: "x" }\n- { path: a, directory: true, mode: "0755" }',
    'd 755 0:0 K a\nf 600 0:0 K a/b 1',
  ],
  ['- { path: a, contents: "x" }\n- { path: a, contents: "xyz" }', 'f 600 0:0 K a 3'],
  ['- { path: a, contents: "x" }\n- { path: a, symlink: b }', 'l 600 0:0 K a -> b'],
  ['- { path: a, source: not-there, optional: true }', ''],
];

test.each(ROWS)('files: %s', async (files, listing) => {
  expect(listingOf(await withFiles(files))).toEqual(expectedListing(listing));
});

const INIT = {
  'a/init': {
    files:
      'd 1777 0:0 9 tmp\nd 750 1:2 9 srv\nd 755 0:0 9 run\nd 755 0:0 9 var\nl 777 0:0 9 var/run -> ../run',
  },
};

test('a directory that is there keeps its mode, owner and time, where LinuxKit resets them', async () => {
  const tree = await build(
    'init: [a/init]\nfiles: [{ path: srv/x, contents: "1" }, { path: etc/y, contents: "1" }, { path: var/run/z, contents: "1" }]',
    { images: INIT },
  );
  const rows = listingOf(tree);
  expect(rows).toContain('d 750 1:2 9 srv');
  expect(rows).toContain('d 755 0:0 K etc');
  expect(rows).toContain('l 777 0:0 9 var/run -> ../run');
  expect(rows).toContain('f 600 0:0 K run/z 1');
});

test('a file takes the place of what init brings', async () => {
  const tree = await build(
    'init: [a/init]\nfiles: [{ path: etc/resolv.conf, contents: "nameserver 1.1.1.1" }]',
    {
      images: INIT,
    },
  );
  expect(textAt(tree, 'etc/resolv.conf')).toBe('nameserver 1.1.1.1');
});

describe('sources', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-files-'));
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'sub', 'small'), 'small');
    await writeFile(join(folder, 'large'), Buffer.alloc(3 * 1024 * 1024, 7));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('are relative to the directory that is given', async () => {
    const tree = await withFiles('- { path: a, source: sub/small }', { sourceDir: folder });
    expect(textAt(tree, 'a')).toBe('small');
  });

  test('may be absolute, or in a home', async () => {
    const tree = await withFiles(
      `- { path: a, source: ${join(folder, 'sub', 'small')} }\n- { path: b, source: "~/sub/small" }`,
      { home: folder },
    );
    expect([textAt(tree, 'a'), textAt(tree, 'b')]).toEqual(['small', 'small']);
  });

  test('are left where they lie if they are large', async () => {
    const tree = await withFiles('- { path: a, source: large }', { sourceDir: folder });
    expect(tree.get('a')).toMatchObject({
      content: { file: join(folder, 'large'), offset: 0, size: 3 * 1024 * 1024 },
    });
  });

  test.each([
    ['not-there', false],
    ['sub', false],
    // A source that is there but no file is a mistake even if it may be missing.
    ['sub', true],
    ['~/sub/small', true],
  ])('%s, optional: %s, is refused', async (source, optional) => {
    await expect(
      withFiles(`- { path: a, source: "${source}", optional: ${optional} }`, { sourceDir: folder }),
    ).rejects.toMatchObject({ code: 'SPEC_INVALID', message: expect.stringContaining('files[0].source') });
  });
});
