import { expect, test } from 'vitest';
import { imageTree } from './image-tree.ts';
import { listingOf, textAt, treeOf } from './testing/listing.ts';

const ORIGIN = { source: 'image', location: 'init[0]' };
const put = (table: string, options: { prefix?: string; resolvConf?: string } = {}) =>
  new Map(imageTree(treeOf(table), { ...ORIGIN, ...options }).map((entry) => [entry.path, entry]));

test('an empty image is what LinuxKit ensures', () => {
  const tree = put('', { prefix: 'x' });
  expect(listingOf(tree)).toEqual([
    'd 755 0:0 K x/dev',
    'd 755 0:0 K x/dev/pts',
    'd 755 0:0 K x/dev/shm',
    'd 755 0:0 K x/etc',
    'f 644 0:0 K x/etc/hosts 160',
    'l 755 0:0 K x/etc/mtab -> /proc/mounts',
    'f 644 0:0 K x/etc/resolv.conf 29',
    'd 755 0:0 K x/proc',
    'd 755 0:0 K x/sys',
  ]);
  expect(textAt(tree, 'x/etc/hosts')).toMatch(
    /^127\.0\.0\.1 {7}localhost\n::1 {5}localhost ip6-localhost ip6-loopback\nfe00::0 /,
  );
  expect(textAt(tree, 'x/etc/resolv.conf')).toBe('\n# no resolv.conf configured\n');
});

test('what Docker leaves behind is dropped, but nothing below it or of a similar name', () => {
  const tree = put(`
    f 644 0:0 1 .dockerenv ""
    f 644 0:0 1 Dockerfile ""
    f 644 0:0 1 app/Dockerfile ""
    d 700 0:0 1 dev/console
    f 644 0:0 1 dev/console/x ""
    f 644 0:0 1 dev/shm/y ""
    f 644 0:0 1 etc/hostname ""
    f 644 0:0 1 etc/hostname2 ""
  `);
  expect([...tree.keys()].filter((path) => /docker|Docker|console|shm|hostname/.test(path)).sort()).toEqual([
    'app/Dockerfile',
    'dev/console/x',
    'dev/shm',
    'dev/shm/y',
    'etc/hostname2',
  ]);
});

test('a file that was the same as one that is dropped or replaced stays what it was', () => {
  const tree = put(
    `
    f 600 1:2 9 etc/hostname "box"
    h 600 1:2 9 etc/alias => etc/hostname
    h 600 1:2 9 etc/other => etc/hostname
    f 644 0:0 9 etc/hosts "own"
    h 644 0:0 9 hosts => etc/hosts
  `,
    { prefix: 'p' },
  );
  expect(listingOf(tree).filter((row) => /alias|other| p\/hosts/.test(row))).toEqual([
    'f 600 1:2 9 p/etc/alias 3',
    'h 600 1:2 9 p/etc/other => p/etc/alias',
    'f 644 0:0 9 p/hosts 3',
  ]);
});

test('every entry tells the image and the place that asks for it', () => {
  for (const entry of put('f 644 0:0 1 a ""').values())
    expect([entry.source, entry.location]).toEqual([ORIGIN.source, ORIGIN.location]);
});
