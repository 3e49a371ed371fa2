import { ContentsHead, ContentsEntry, codeOf } from '@slipway/protocol';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { explainPath } from './explain-path.ts';
import { readContents } from './read-contents.ts';

const layer = (number: number) => ({ digest: `sha256:${String(number).repeat(64)}`, number, of: 2 });
const HEAD = {
  v: 1,
  origins: [
    { component: 'oci:web', source: 'oci:web', layer: layer(1), location: 'services[0]' },
    { component: 'oci:web', source: 'oci:web', layer: layer(2), location: 'services[0]' },
    { source: 'slipway:generated' },
  ],
  removed: [{ path: 'etc/gone', by: 1, over: [{ from: 0, type: 'file', size: 4 }] }],
};
const entry = (path: string, more: object) => ({ path, type: 'file', mode: '644', from: 0, ...more });
const link = (path: string, target: string) => entry(path, { type: 'symlink', target, from: 2 });

const contents = readContents(
  gzipSync(
    [
      HEAD,
      entry('a', { type: 'directory' }),
      entry('a/etc', { type: 'directory' }),
      entry('a/etc/motd', {
        from: 1,
        size: 9,
        over: [
          { from: 2, type: 'symlink' },
          { from: 0, type: 'file', size: 3 },
        ],
      }),
      link('around', 'round'),
      entry('b', { type: 'hardlink', target: 'a/etc/motd' }),
      link('config', '/a/./etc'),
      link('round', 'around'),
      link('up', 'a/../config/motd'),
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  ),
);

test('a file has its component and layer, and what it replaced, the last first', () => {
  expect(explainPath(contents, '/a/etc/motd')).toEqual({
    asked: 'a/etc/motd',
    links: [],
    path: 'a/etc/motd',
    found: {
      path: 'a/etc/motd',
      type: 'file',
      mode: '644',
      size: 9,
      origin: HEAD.origins[1],
      replaced: [
        { type: 'file', size: 3, origin: HEAD.origins[0] },
        { type: 'symlink', origin: HEAD.origins[2] },
      ],
    },
    removed: [],
    similar: [],
  });
});

test.each([
  ['config/motd', ['config']],
  ['up', ['up', 'config']],
  ['//config//motd/', ['config']],
  ['a/../config/motd', ['config']],
])('links are followed as a device would: %s', (asked, followed) => {
  const { links, path } = explainPath(contents, asked);
  expect(links.map((one) => one.path)).toEqual(followed);
  expect(path).toBe('a/etc/motd');
});

test('links that run in a circle end', () => {
  const { links, found } = explainPath(contents, 'around/x');
  expect(links).toHaveLength(40);
  expect(found).toBeUndefined();
});

test('another name of a file leads to the file', () => {
  expect(explainPath(contents, 'b')).toMatchObject({ path: 'b', file: { path: 'a/etc/motd', size: 9 } });
});

test.each(['etc/gone', 'containers/services/web/rootfs/etc/gone'])(
  'of %s is told who took it away, by its path in the component',
  (asked) => {
    expect(explainPath(contents, asked).removed).toEqual([
      {
        path: 'etc/gone',
        by: HEAD.origins[1],
        replaced: [{ type: 'file', size: 4, origin: HEAD.origins[0] }],
      },
    ]);
  },
);

test('where nothing is and was, the same name elsewhere is told', () => {
  expect(explainPath(contents, 'etc/motd')).toMatchObject({ removed: [], similar: ['a/etc/motd'] });
  expect(explainPath(contents, 'not/etc/gonex')).toMatchObject({ removed: [], similar: [] });
});

test('a list that is none is refused, also one that is cut short', () => {
  const whole = gzipSync(JSON.stringify(HEAD));
  for (const bytes of [Buffer.from('text'), whole.subarray(0, whole.length - 9), gzipSync('{"v":2}')])
    expect(() => readContents(bytes)).toThrow(
      expect.toSatisfy((error) => codeOf(error) === 'CONTENTS_INVALID'),
    );
});

test('lists of builds of before have neither layers nor history', () => {
  const old = { v: 1, origins: [{ component: 'oci:web', source: 'oci:web' }] };
  const read = readContents(gzipSync(`${JSON.stringify(old)}\n${JSON.stringify(entry('x', {}))}\n`));
  expect(explainPath(read, 'x')).toMatchObject({ found: { origin: old.origins[0], replaced: [] } });
  expect(ContentsHead.parse(old)).toEqual(old);
  expect(ContentsEntry.parse(entry('x', {}))).toEqual(entry('x', {}));
});
