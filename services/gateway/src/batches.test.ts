import { expect, test } from 'vitest';
import { createBatches } from './batches.ts';

const limits = { maxItems: 3, gatherMs: 0, keyOf: (item: string) => item.slice(0, 1), maxOfKey: 4 };

test('what comes in one turn is one batch, of no more than there is room for, in order', async () => {
  const seen: string[][] = [];
  const batches = createBatches<string>(async (items) => void seen.push([...items]), limits);
  for (const item of ['a1', 'b1', 'a2', 'c1', 'b2']) batches.add(item);
  await batches.idle();
  expect(seen).toEqual([
    ['a1', 'b1', 'a2'],
    ['c1', 'b2'],
  ]);
});

test('what comes during the work is the next batch', async () => {
  const seen: string[][] = [];
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const batches = createBatches<string>(async (items) => {
    seen.push([...items]);
    begun.resolve();
    await gate.promise;
  }, limits);
  batches.add('a1');
  await begun.promise;
  batches.add('a2');
  batches.add('b1');
  expect(batches.waiting()).toBe(2);
  gate.resolve();
  await batches.idle();
  expect(seen).toEqual([['a1'], ['a2', 'b1']]);
});

test('of one key no more wait than may, and others still have room', async () => {
  const seen: string[] = [];
  const batches = createBatches<string>(async (items) => void seen.push(...items), limits);
  const taken = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1'].map((item) => batches.add(item));
  expect(taken).toEqual([true, true, true, true, false, true]);
  await batches.idle();
  expect(batches.add('a6')).toBe(true);
  await batches.idle();
  expect(seen).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'a6']);
});

test('a batch waits for more until it is full, or nobody waits for it any longer', async () => {
  const seen: string[][] = [];
  const full = Promise.withResolvers<void>();
  const patient = { ...limits, gatherMs: 2 ** 30 };
  const batches = createBatches<string>(async (items) => {
    seen.push([...items]);
    full.resolve();
  }, patient);
  batches.add('a1');
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([]);
  batches.add('b1');
  batches.add('c1');
  await full.promise;
  batches.add('a2');
  await batches.idle();
  expect(seen).toEqual([['a1', 'b1', 'c1'], ['a2']]);
});
