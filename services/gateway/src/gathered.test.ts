import { expect, test } from 'vitest';
import { gathered } from './gathered.ts';

test('many questions are asked at once, and each has its own answer', async () => {
  const asked: string[][] = [];
  const ask = gathered<string, string>(async (keys) => {
    asked.push([...keys]);
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, `of ${key}`]));
  }, 3);
  const answers = await Promise.all(['a', 'b', 'a', 'none', 'c'].map(ask));
  expect(answers).toEqual(['of a', 'of b', 'of a', undefined, 'of c']);
  expect(asked).toEqual([
    ['a', 'b'],
    ['none', 'c'],
  ]);
});

test('what fails fails for those that asked, and the next are asked anew', async () => {
  let isBroken = true;
  const ask = gathered<string, string>(async (keys) => {
    if (isBroken) throw new Error('broken');
    return new Map(keys.map((key) => [key, key]));
  }, 10);
  const both = await Promise.allSettled([ask('a'), ask('b')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  expect(await ask('a')).toBe('a');
});
