import type { Tree } from '@slipway/components';
import { codeOf } from '@slipway/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRoot } from './root-builder.ts';
import { faultsOf } from './testing/faults.ts';
import { listingOf, textAt, treeOf } from './testing/listing.ts';

/** Trees over one another, each put at once. */
const over = (...tables: string[]): Tree => {
  const root = createRoot();
  for (const table of tables) root.putAll(treeOf(table).values());
  return root.tree;
};

describe('what lies on top', () => {
  test('the last entry of a name holds, with all its attributes', () => {
    const tree = over('d 755 0:0 1 a\nf 644 0:0 1 a/x "old"', 'd 700 5:6 2 a\nf 600 5:6 2 a/x "newer"');
    expect(listingOf(tree)).toEqual(['d 700 5:6 2 a', 'f 600 5:6 2 a/x 5']);
  });

  test('missing directories are made', () => {
    expect(listingOf(over('f 644 0:0 1 a/b/x ""'))).toEqual([
      'd 755 0:0 K a',
      'd 755 0:0 K a/b',
      'f 644 0:0 1 a/b/x 0',
    ]);
  });

  test('files below a symlink go where it points', () => {
    const tree = over(
      'l 777 0:0 1 lib -> usr/lib\nd 755 0:0 1 usr\nd 755 0:0 1 usr/lib',
      'f 644 0:0 2 lib/x "1"',
    );
    expect(listingOf(tree)).toContain('f 644 0:0 2 usr/lib/x 1');
    expect(tree.get('lib')?.type).toBe('symlink');
  });

  test('a directory that becomes a symlink takes its content along: modules under a merged /usr', () => {
    const tree = over(
      'd 755 0:0 1 lib\nd 755 0:0 1 lib/modules\nf 644 0:0 1 lib/modules/a.ko "mod"\nh 644 0:0 1 lib/modules/b.ko => lib/modules/a.ko',
      'd 755 0:0 2 usr\nd 755 0:0 2 usr/lib\nf 755 0:0 2 usr/lib/libc.so "c"\nl 777 0:0 2 lib -> usr/lib',
    );
    expect(listingOf(tree)).toEqual([
      'l 777 0:0 2 lib -> usr/lib',
      'd 755 0:0 2 usr',
      'd 755 0:0 2 usr/lib',
      'f 755 0:0 2 usr/lib/libc.so 1',
      'd 755 0:0 1 usr/lib/modules',
      'f 644 0:0 1 usr/lib/modules/a.ko 3',
      'h 644 0:0 1 usr/lib/modules/b.ko => usr/lib/modules/a.ko',
    ]);
  });

  test('a symlink gives way to a directory, as in a tar', () => {
    const tree = over('d 755 0:0 1 usr\nl 777 0:0 1 lib -> usr', 'd 755 0:0 2 lib\nf 644 0:0 2 lib/x ""');
    expect(listingOf(tree)).toEqual(['d 755 0:0 2 lib', 'f 644 0:0 2 lib/x 0', 'd 755 0:0 1 usr']);
  });

  test('a file takes the place of a directory with all that is in it', () => {
    expect(listingOf(over('d 755 0:0 1 a\nf 644 0:0 1 a/x ""', 'f 644 0:0 2 a "1"'))).toEqual([
      'f 644 0:0 2 a 1',
    ]);
  });
});

describe('hard links', () => {
  const PAIR = 'f 755 0:0 1 busybox "old"\nh 755 0:0 1 ls => busybox\nh 755 0:0 1 sh => busybox';

  test('other names of a file that is replaced keep what it was', () => {
    const tree = over(PAIR, 'f 755 0:0 2 busybox "new"');
    expect(textAt(tree, 'busybox')).toBe('new');
    expect(textAt(tree, 'ls')).toBe('old');
    expect(listingOf(tree)).toContain('h 755 0:0 1 sh => ls');
  });

  test('a replaced name no longer belongs to the file', () => {
    const tree = over(PAIR, 'f 755 0:0 2 ls "own"', 'f 755 0:0 3 busybox "new"');
    expect([textAt(tree, 'ls'), textAt(tree, 'sh')]).toEqual(['own', 'old']);
  });

  test('the same names again are those of the new file', () => {
    const tree = over(PAIR, PAIR.replace('old', 'new'));
    expect(textAt(tree, 'busybox')).toBe('new');
    expect(listingOf(tree)).toEqual(listingOf(treeOf(PAIR)));
  });

  test('to nothing are refused', () => {
    expect(() => over('h 644 0:0 1 a => b')).toThrow(expect.objectContaining({ code: 'COMPONENT_INVALID' }));
  });
});

test('symlinks in a circle are refused', () => {
  expect(() => over('l 777 0:0 1 a -> b\nl 777 0:0 1 b -> a', 'f 644 0:0 2 a/x ""')).toThrow(
    expect.objectContaining({ code: 'COMPONENT_INVALID' }),
  );
});

test('whatever lies over what, the tree is closed', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const row = fc.oneof(
    path.map((at) => `d 755 0:0 1 ${at}`),
    path.map((at) => `f 644 0:0 1 ${at} "${at}"`),
    fc
      .tuple(path, fc.constantFrom('/a', 'b', '../c', '/b/c'))
      .map(([at, to]) => `l 777 0:0 1 ${at} -> ${to}`),
  );
  // Hard links to a file of the same image, as every component has them.
  const image = fc
    .array(row, { maxLength: 6 })
    .map((rows) => `${rows.join('\n')}\nf 644 0:0 1 z "z"\nh 644 0:0 1 y => z`);
  const faults = (images: readonly string[]): string[] => {
    try {
      return faultsOf(over(...images));
    } catch (error) {
      // Circles of symlinks are no tree.
      if (codeOf(error) === 'COMPONENT_INVALID') return [];
      throw error;
    }
  };
  const images = fc.array(image, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(images, (tables) => {
      expect(faults(tables)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('what is put over something else has its history, through links and moves', () => {
  const tree = over(
    'd 755 0:0 1 lib\nf 644 0:0 1 lib/x "one"',
    'l 777 0:0 1 lib -> usr/lib\nd 755 0:0 1 usr\nd 755 0:0 1 usr/lib',
    'f 644 0:0 1 lib/x "three"',
  );
  const history = (path: string) => tree.get(path)?.over?.map(({ type, size }) => [type, size]);
  expect(history('usr/lib/x')).toEqual([['file', 3]]);
  expect(history('lib')).toEqual([['directory', undefined]]);
  expect(history('usr/lib')).toBeUndefined();
});
