import { expect, test } from 'vitest';
import { keepHead, readKeptHead } from './kept-head.ts';

const storeOf = (text: string | null) => {
  let kept = text;
  return {
    getItem: () => kept,
    setItem: (_name: string, value: string) => {
      kept = value;
    },
  };
};
const HEAD = { sequence: 12, hash: 'ab'.repeat(32) };

test('what is kept is read again', () => {
  const store = storeOf(null);
  keepHead(store, HEAD, '2026-11-26T05:00:00Z');
  expect(readKeptHead(store)).toEqual({ ...HEAD, at: '2026-11-26T05:00:00Z' });
});

test.each([null, '', '{', '[]', '{"sequence":1}', '{"sequence":1,"hash":"xx","at":"now"}'])(
  '%o was never kept',
  (text) => expect(readKeptHead(storeOf(text))).toBeUndefined(),
);
