import { contentSize } from '@slipway/components';
import { expect, test } from 'vitest';
import { runPieces, type Run } from './disk-runs.ts';

const at = (place: number, size: number): Run => ({ at: place, content: Buffer.alloc(size, 1) });
const sizes = (runs: readonly Run[], to: number, from?: number): number[] =>
  [...runPieces(runs, to, from)].map(contentSize);

test('what lies between runs is filled, up to the end', () => {
  expect(sizes([at(2, 3), at(5, 1), at(8, 2)], 12)).toEqual([2, 3, 1, 2, 2, 2]);
  expect(sizes([at(6, 2)], 8, 6)).toEqual([2]);
  expect(sizes([], 4)).toEqual([4]);
});

test.each<[string, Run[], number, number]>([
  ['that begins in the one before', [at(0, 4), at(3, 4)], 16, 0],
  ['that lies before the one before', [at(8, 4), at(0, 4)], 16, 0],
  ['that begins before the first piece', [at(3, 4)], 16, 4],
  ['that ends behind the disk', [at(0, 4), at(14, 4)], 16, 0],
])('a run %s is refused', (_title, runs, to, from) => {
  expect(() => sizes(runs, to, from)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});
