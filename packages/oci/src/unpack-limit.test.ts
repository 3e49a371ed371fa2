import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { createUnpackLimit } from './unpack-limit.ts';

const GIB = 1024 ** 3;
const codeAfter = (packed: number, unpacked: number): string => {
  const limit = createUnpackLimit('image', 'a layer');
  try {
    limit.packed(packed);
    for (let done = 0; done < unpacked; done += GIB / 4) limit.unpacked(Math.min(GIB / 4, unpacked - done));
    return 'none';
  } catch (error) {
    return codeOf(error);
  }
};

test.each<[string, number, number, string]>([
  ['zeros that fit anywhere', 1024 ** 2, GIB, 'none'],
  ['20 GiB of zeros', 20 * 1024 ** 2, 20 * GIB, 'LAYER_UNSAFE'],
  ['a large layer of programs', 2 * GIB, 8 * GIB, 'none'],
  ['more than any layer may have', 40 * GIB, 65 * GIB, 'LAYER_UNSAFE'],
  ['much that is not compressed', 0, 60 * GIB, 'none'],
])('%s', (_title, packed, unpacked, code) => {
  expect(codeAfter(packed, unpacked)).toBe(code);
});
