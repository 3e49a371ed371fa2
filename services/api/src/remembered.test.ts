import { expect, test } from 'vitest';
import { remembered } from './remembered.ts';

/** @param tookMs of each answer */
const world = (tookMs: number) => {
  let time = 0;
  let asked = 0;
  const ask = remembered<string>(() => time);
  const get = (key: string) =>
    ask(key, async () => {
      time += tookMs;
      return `${key} ${(asked += 1)}`;
    });
  return { get, pass: (ms: number) => (time += ms) };
};

test('what is found fast is always new', async () => {
  const { get } = world(10);
  expect([await get('a'), await get('a')]).toEqual(['a 1', 'a 2']);
});

test('what takes long is kept for a while; then the old one is given once more, and the next one found', async () => {
  const { get, pass } = world(200);
  expect([await get('a'), await get('a'), await get('b')]).toEqual(['a 1', 'a 1', 'b 2']);
  pass(10_000);
  expect(await get('a')).toBe('a 1');
  expect(await get('a')).toBe('a 3');
});

test('many who ask at once have it asked once', async () => {
  const { get } = world(200);
  expect(await Promise.all([get('a'), get('a'), get('a')])).toEqual(['a 1', 'a 1', 'a 1']);
});

test('a failure is told to who waits, and the next one asks anew', async () => {
  const get = remembered<string>();
  await expect(get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await get('a', async () => 'there')).toBe('there');
});
