import { expect, test } from 'vitest';
import { parseDiskSizes } from './disk-sizes.ts';

const MIB = 1024 ** 2;

test.each([
  [[], {}],
  [['2G'], { disk: 2048 * MIB }],
  [['512'], { disk: 512 * MIB }],
  [['esp=256M', 'data=1G'], { esp: 256 * MIB, data: 1024 * MIB }],
  [['4G', 'data=64M', 'data=128M'], { disk: 4096 * MIB, data: 128 * MIB }],
])('--size %j', (words, sizes) => {
  expect(parseDiskSizes(words)).toEqual(sizes);
});

test.each(['', '0', '2X', '-1G', 'root=1G', 'esp=', 'esp=x', '1.5G', '99999999'])(
  '--size %j is refused',
  (word) => {
    expect(() => parseDiskSizes([word])).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);
