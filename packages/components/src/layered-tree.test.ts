import { codeOf, Digest } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { createLayeredTree, type LayerOptions } from './layered-tree.ts';
import type { TarEntry } from './tar-reader.ts';
import type { Layer, Tree } from './tree.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const entry = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  name,
  type: 'file',
  linkName: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 7,
  major: 0,
  minor: 0,
  xattrs: new Map(),
  content: bytes(name),
  ...more,
});
const directory = (name: string): TarEntry => entry(name, { type: 'directory', mode: 0o755 });
const symlink = (name: string, linkName: string): TarEntry => entry(name, { type: 'symlink', linkName });
const hardlink = (name: string, linkName: string): TarEntry => entry(name, { type: 'hardlink', linkName });

const OCI: LayerOptions = { source: 'oci:test', whiteouts: true, keepDirectorySymlinks: false };
const DEB: LayerOptions = { source: 'deb:test', whiteouts: false, keepDirectorySymlinks: true };

const layered = (layers: readonly (readonly TarEntry[])[], options = OCI): Tree => {
  const tree = createLayeredTree();
  for (const layer of layers) tree.apply(layer, options);
  return tree.toTree();
};
const codeFor = (entries: readonly TarEntry[]): string => {
  try {
    layered([entries]);
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing';
};

describe('unsafe layers are refused', () => {
  test.each<[string, TarEntry[]]>([
    ['.. at the start', [entry('../etc/passwd')]],
    ['.. inside', [entry('a/../../etc/passwd')]],
    ['.. at the end', [directory('a/..')]],
    ['an absolute name', [entry('/etc/passwd')]],
    ['NUL in a name', [entry('a\0b')]],
    ['a target of a symlink that no Linux takes', [symlink('a', 'b/'.repeat(2048))]],
    ['NUL in the target of a symlink', [symlink('a', 'b\0c')]],
    ['a part of 256 bytes', [entry('a'.repeat(256))]],
    ['a part of 128 two-byte letters', [entry('ä'.repeat(128))]],
    ['a name of 4097 bytes', [entry(`${'a/'.repeat(2048)}a`)]],
    [
      'a hard link through a symlink',
      [directory('d'), entry('d/f'), symlink('s', 'd'), hardlink('l', 's/f')],
    ],
    ['a hard link to a directory', [directory('d'), hardlink('l', 'd')]],
    ['a hard link to nothing', [hardlink('l', 'f')]],
    ['a hard link out of the tree', [hardlink('l', '../../etc/shadow')]],
    ['a character device', [entry('dev/mem', { type: 'char', major: 1, minor: 1 })]],
    ['a block device', [entry('dev/sda', { type: 'block', major: 8, minor: 0 })]],
    ['symlinks in a circle', [symlink('a', 'b'), symlink('b', 'a'), entry('a/f')]],
    ['a whiteout of the parent', [entry('d/.wh...')]],
    ['a whiteout of the directory itself', [entry('d/.wh..')]],
    ['a whiteout of nothing', [entry('d/.wh.')]],
  ])('%s', (_title, entries) => {
    expect(codeFor(entries)).toBe('LAYER_UNSAFE');
  });

  test('a name of 255 bytes is not too long', () => {
    expect(codeFor([entry('a'.repeat(255))])).toBe('nothing');
  });

  test('a symlink out of the tree leads to its root instead', () => {
    const tree = layered([
      [symlink('out', '../../../..'), entry('out/etc/passwd'), symlink('abs', '/etc'), entry('abs/x')],
    ]);
    expect([...tree.keys()]).toEqual(['abs', 'etc', 'etc/passwd', 'etc/x', 'out']);
  });
});

describe('whiteouts', () => {
  test('remove a file of a lower layer', () => {
    expect([...layered([[entry('d/a'), entry('d/b')], [entry('d/.wh.a')]]).keys()]).toEqual(['d', 'd/b']);
  });
  test('remove a directory with all that is in it', () => {
    expect([...layered([[entry('d/a/b/c')], [entry('d/.wh.a')]]).keys()]).toEqual(['d']);
  });
  test('leave what their own layer adds, in either order', () => {
    for (const layer of [
      [entry('d/.wh.a'), entry('d/a')],
      [entry('d/a'), entry('d/.wh.a')],
    ])
      expect(layered([[entry('d/a')], layer]).has('d/a')).toBe(true);
  });
  test('are opaque: everything of lower layers goes, everything of their own stays', () => {
    const tree = layered([
      [entry('d/a'), entry('d/b/c')],
      [entry('d/n'), entry('d/.wh..wh..opq')],
    ]);
    expect([...tree.keys()]).toEqual(['d', 'd/n']);
  });
  test('of a hard link leave the file under its other names', () => {
    const tree = layered([[entry('a'), hardlink('b', 'a')], [entry('.wh.a')]]);
    expect(tree.get('b')).toMatchObject({ type: 'file', content: bytes('a') });
  });
  test('are ordinary names in a package', () => {
    expect(layered([[entry('.wh.a')]], DEB).has('.wh.a')).toBe(true);
  });
});

describe('hard links', () => {
  test('point at the name that came first, as their archive has it', () => {
    const tree = layered([[entry('z'), hardlink('m', 'z'), hardlink('a', 'm')]]);
    expect(tree.get('z')).toMatchObject({ type: 'file', content: bytes('z') });
    expect(tree.get('m')).toMatchObject({ type: 'hardlink', target: 'z' });
    expect(tree.get('a')).toMatchObject({ type: 'hardlink', target: 'z' });
  });
  test('part when an upper layer replaces one of them', () => {
    const tree = layered([[entry('a'), hardlink('b', 'a')], [entry('a', { content: bytes('new') })]]);
    expect(tree.get('a')).toMatchObject({ type: 'file', content: bytes('new') });
    expect(tree.get('b')).toMatchObject({ type: 'file', content: bytes('a') });
  });
  test('keep a file whose first name is not selected', () => {
    const tree = createLayeredTree();
    tree.apply([entry('a'), hardlink('b', 'a')], OCI);
    expect(tree.toTree(new Set(['b'])).get('b')).toMatchObject({ type: 'file' });
  });
});

describe('replacing', () => {
  test('a file takes the place of a directory and all in it', () => {
    expect([...layered([[entry('d/a/b')], [entry('d/a')]]).keys()]).toEqual(['d', 'd/a']);
  });
  test('a directory over a directory keeps what is in it and takes the new mode', () => {
    const tree = layered([[entry('d/a')], [{ ...directory('d'), mode: 0o700 }]]);
    expect(tree.get('d')).toMatchObject({ mode: 0o700 });
    expect(tree.has('d/a')).toBe(true);
  });
  test('a directory of a layer replaces a symlink', () => {
    expect(
      layered([[directory('usr/lib'), symlink('lib', 'usr/lib')], [directory('lib')]]).get('lib'),
    ).toMatchObject({
      type: 'directory',
    });
  });
  test('a directory of a package leaves a symlink to a directory, and its files go through it', () => {
    const tree = layered(
      [
        [directory('usr/lib'), symlink('lib', 'usr/lib')],
        [directory('lib'), entry('lib/x')],
      ],
      DEB,
    );
    expect(tree.get('lib')).toMatchObject({ type: 'symlink' });
    expect(tree.has('usr/lib/x')).toBe(true);
  });
});

test('capabilities and user attributes stay, marks of the building machine go', () => {
  const value = Uint8Array.of(0, 0x80, 0xff);
  const tree = layered([
    [
      entry('a', {
        xattrs: new Map([
          ['security.capability', value],
          ['security.selinux', value],
          ['trusted.overlay.opaque', value],
          ['user.x', value],
        ]),
      }),
    ],
  ]);
  expect([...(tree.get('a')?.xattrs ?? [])]).toEqual([
    ['security.capability', value],
    ['user.x', value],
  ]);
});

describe('who put what there', () => {
  const layer = (number: number): Layer => ({
    digest: Digest.parse(`sha256:${'1'.repeat(64)}`),
    number,
    of: 3,
  });
  const history = (...layers: (readonly TarEntry[])[]) => {
    const tree = createLayeredTree();
    for (const [index, entries] of layers.entries()) tree.apply(entries, { ...OCI, layer: layer(index + 1) });
    const found = tree.toTree();
    return {
      of: (path: string) => {
        const placed = found.get(path);
        return [
          placed?.layer?.number,
          ...(placed?.over ?? []).map((old) => [old.layer?.number, old.type, old.size]),
        ];
      },
      removed: tree
        .removed()
        .map(({ path, by, over }) => [path, by.layer?.number, ...over.map((old) => old.layer?.number)]),
    };
  };

  test('an entry has the layer it came in, directories that are made for it, too', () => {
    const { of } = history([entry('a/b')], [entry('a/c')]);
    expect([of('a'), of('a/b'), of('a/c')]).toEqual([[1], [1], [2]]);
  });

  test('what replaces has all that it replaced, lowest first; a directory replaces no directory', () => {
    const { of, removed } = history(
      [directory('d'), entry('d/x', { content: bytes('one') })],
      [directory('d'), symlink('d/x', 'y')],
      [entry('d/x')],
    );
    expect(of('d/x')).toEqual([3, [1, 'file', 3], [2, 'symlink', undefined]]);
    expect(of('d')).toEqual([2]);
    expect(removed).toEqual([]);
  });

  test('what a whiteout took away is known with who did, also below a folder', () => {
    const { of, removed } = history(
      [entry('a/x'), entry('a/y'), entry('b')],
      [entry('.wh.a'), entry('.wh.b')],
      [entry('b')],
    );
    expect(removed).toEqual([
      ['a', 2, 1],
      ['a/x', 2, 1],
      ['a/y', 2, 1],
    ]);
    // Put there anew, it is not gone.
    expect(of('b')).toEqual([3, [1, 'file', 1]]);
  });

  test('an opaque folder hides what was in it', () => {
    const { removed } = history([entry('a/x')], [directory('a'), entry('a/.wh..wh..opq'), entry('a/y')]);
    expect(removed).toEqual([['a/x', 2, 1]]);
  });

  test('a folder that gives way to a file takes along what was in it', () => {
    const { of, removed } = history([entry('a/x')], [entry('a')]);
    expect(of('a')).toEqual([2, [1, 'directory', undefined]]);
    expect(removed).toEqual([['a/x', 2, 1]]);
  });

  test('a hard link is of the layer that made it, whatever the file replaced', () => {
    const { of } = history([entry('a')], [entry('a')], [hardlink('b', 'a')]);
    expect(of('b')).toEqual([3]);
  });

  test('a tree on top of another replaces, with the history of both', () => {
    const lower = createLayeredTree();
    lower.apply([entry('x')], OCI);
    const upper = createLayeredTree();
    upper.apply([entry('x')], { ...OCI, layer: layer(1) });
    upper.apply([entry('x')], { ...OCI, layer: layer(2) });
    lower.overlay(upper.toTree());
    expect(
      lower
        .toTree()
        .get('x')
        ?.over?.map((old) => old.layer?.number),
    ).toEqual([undefined, 1]);
  });
});
