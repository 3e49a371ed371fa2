import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { paceWork } from './pieces-of-work.ts';

test('so many at once, in the order in which they came, and others in between', async () => {
  const turn = paceWork(2);
  const done: string[] = [];
  const work = async (name: string): Promise<void> => {
    await turn();
    done.push(name);
  };
  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(work));
  const between: number[] = [];
  while (done.length < 5) {
    await nextTurn();
    between.push(done.length);
  }
  await all;
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(between).toContain(2);
  expect(between).toContain(4);
  await work('later');
  expect(done.at(-1)).toBe('later');
});
