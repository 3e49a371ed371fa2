import { expect, test } from 'vitest';
import { createLanes } from './lanes.ts';

test('work of one lane runs in order, lanes run side by side', async () => {
  const lanes = createLanes(10, () => undefined);
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  lanes.run('a', async () => {
    await gate.promise;
    log.push('a1');
  });
  lanes.run('a', async () => void log.push('a2'));
  lanes.run('b', async () => {
    log.push('b1');
    gate.resolve();
  });
  await lanes.idle();
  expect(log).toEqual(['b1', 'a1', 'a2']);
});

test('a full lane refuses, and takes again once it has room', async () => {
  const lanes = createLanes(1, () => undefined);
  expect(lanes.run('a', async () => undefined)).toBe(true);
  expect(lanes.run('a', async () => undefined)).toBe(false);
  expect(lanes.run('b', async () => undefined)).toBe(true);
  await lanes.idle();
  expect(lanes.run('a', async () => undefined)).toBe(true);
});

test('what throws is told and the lane goes on', async () => {
  const told: unknown[] = [];
  const lanes = createLanes(10, (lane, error) => told.push([lane, error]));
  const fault = new Error('no');
  lanes.run('a', () => Promise.reject(fault));
  lanes.run('a', async () => void told.push('next'));
  await lanes.idle();
  expect(told).toEqual([['a', fault], 'next']);
});
