import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('so many at once, in their order, also where some fail', async () => {
  const turns = createTurns(2);
  const begun: number[] = [];
  let [now, most] = [0, 0];
  const work = (n: number) => async (): Promise<number> => {
    begun.push(n);
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    if (n % 3 === 0) throw new Error('broken');
    return n;
  };
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  const ends = await Promise.allSettled(numbers.map((n) => turns(work(n))));
  expect(begun).toEqual(numbers);
  expect(most).toBe(2);
  expect(ends.map(({ status }) => status === 'fulfilled')).toEqual(numbers.map((n) => n % 3 !== 0));
  expect(await turns(async () => 'free')).toBe('free');
});
