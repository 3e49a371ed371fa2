import { expect, test, vi } from 'vitest';
import { createPrecedence } from './precedence.ts';

/** Whether others may go on. */
const isOver = (over: Promise<void>): Promise<boolean> =>
  Promise.race([over.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);

test('others wait for the work, and then have as long before they wait again', async () => {
  let now = 1000;
  const { hold, over } = createPrecedence(500, () => now);
  const first = Promise.withResolvers<void>();
  hold(first.promise);
  expect(await isOver(over())).toBe(false);
  now += 200;
  first.resolve();
  expect(await isOver(over())).toBe(true);

  const second = Promise.withResolvers<void>();
  now += 199;
  hold(second.promise);
  expect(await isOver(over())).toBe(true);
  now += 1;
  hold(second.promise);
  expect(await isOver(over())).toBe(false);
  second.reject(new Error('broken'));
  expect(await isOver(over())).toBe(true);
});

test('work that takes for ever is waited for as long as may be', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { hold, over } = createPrecedence(500, () => 0);
    hold(new Promise(() => undefined));
    vi.advanceTimersByTime(499);
    expect(await isOver(over())).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await isOver(over())).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
