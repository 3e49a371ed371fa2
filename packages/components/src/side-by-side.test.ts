import { expect, test } from 'vitest';
import { sideBySide } from './side-by-side.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

test('results keep the order of the items, whatever order they end in', async () => {
  const results = await sideBySide([9, 1, 5, 0, 7], 3, async (count) => {
    await turns(count * 10);
    return count * 2;
  });
  expect(results).toEqual([18, 2, 10, 0, 14]);
});

test('no more than the limit are under way', async () => {
  let running = 0;
  let most = 0;
  await sideBySide(Array.from({ length: 20 }), 4, async () => {
    most = Math.max(most, ++running);
    await turns(5);
    running--;
  });
  expect(most).toBe(4);
});

test('a failure goes up only when what was under way has ended, and nothing is begun after it', async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const failed = sideBySide(['slow', 'bad', 'late'], 2, async (name) => {
    begun.push(name);
    await turns(name === 'slow' ? 50 : 1);
    if (name === 'bad') throw new Error('bad');
    ended.push(name);
  });
  await expect(failed).rejects.toThrow('bad');
  expect(begun).toEqual(['slow', 'bad']);
  expect(ended).toEqual(['slow']);
});

test('of several failures the first goes up', async () => {
  const failed = sideBySide([20, 1], 2, async (count) => {
    await turns(count);
    throw new Error(`after ${count}`);
  });
  await expect(failed).rejects.toThrow('after 1');
});

test('nothing to do is done', async () => {
  expect(await sideBySide([], 4, async () => Promise.resolve(1))).toEqual([]);
});
