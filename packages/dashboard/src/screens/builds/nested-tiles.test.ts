import type { ContentsNode } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { nameOf, nestedTiles, NAME_PX } from './nested-tiles.ts';

const node = (path: string, size: number, type: ContentsNode['type'] = 'directory'): ContentsNode => ({
  path,
  type,
  size,
  files: 1,
  mode: '755',
  component: null,
  source: null,
});
const ENTRIES = [
  node('usr', 90),
  node('etc', 10),
  node('usr/bin', 60),
  node('usr/lib', 30),
  node('usr/bin/web', 60, 'file'),
  node('empty', 0),
];
const FRAME = { x: 0, y: 0, width: 600, height: 400 };

test('what is in a folder lies within it, below its name, and comes after it', () => {
  const tiles = nestedTiles('', ENTRIES, FRAME);
  const at = (path: string) => tiles.findIndex((tile) => tile.node.path === path);
  const [usr, bin] = [tiles[at('usr')], tiles[at('usr/bin')]];
  if (usr === undefined || bin === undefined) throw new Error('not there');
  expect(at('usr')).toBeLessThan(at('usr/bin'));
  expect([usr.depth, bin.depth, tiles[at('usr/bin/web')]?.depth]).toEqual([1, 2, 3]);
  expect(bin.y).toBeGreaterThanOrEqual(usr.y + NAME_PX);
  expect(bin.x + bin.width).toBeLessThanOrEqual(usr.x + usr.width);
  expect(usr.isOpened).toBe(true);
});

test('what has no size is not drawn, nor is what has no room opened', () => {
  expect(nestedTiles('', ENTRIES, FRAME).some(({ node: { path } }) => path === 'empty')).toBe(false);
  const small = nestedTiles('', ENTRIES, { ...FRAME, width: 40, height: 40 });
  expect(small.every(({ depth, isOpened }) => depth === 1 && !isOpened)).toBe(true);
});

test('a folder below the root is shown alone', () => {
  const tiles = nestedTiles('usr', ENTRIES, FRAME);
  expect(tiles.map(({ node: { path } }) => path)).toEqual(['usr/bin', 'usr/bin/web', 'usr/lib']);
  expect(nameOf('usr/bin/web')).toBe('web');
});
