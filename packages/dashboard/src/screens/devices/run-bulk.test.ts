import { DeviceId, type BulkRequest, type BulkResult } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { runBulk, targetsOf } from './run-bulk.ts';

const ids = (count: number): DeviceId[] =>
  Array.from({ length: count }, (_, at) => DeviceId.parse(`edge-${at}`));
const reboot = { kind: 'command', command: { name: 'reboot' } } as const;

test('batches follow each other until the last, and what came of them is summed', async () => {
  const asked: BulkRequest[] = [];
  const [first] = ids(1);
  const answers: BulkResult[] = [
    {
      dryRun: false,
      changed: 3,
      unchanged: 1,
      refused: [{ code: 'CONFLICT', message: 'm', count: 2, devices: ids(2) }],
      after: first ?? null,
    },
    {
      dryRun: false,
      changed: 4,
      unchanged: 0,
      refused: [{ code: 'CONFLICT', message: 'm', count: 9, devices: ids(9) }],
      after: null,
    },
  ];
  const seen: number[] = [];
  const result = await runBulk(
    async (request) => {
      asked.push(request);
      const answer = answers.shift();
      if (answer === undefined) throw new Error('asked too often');
      return answer;
    },
    targetsOf({ kind: 'all' }, 'online'),
    reboot,
    { dryRun: false, onProgress: ({ changed }) => seen.push(changed) },
  );
  expect(asked.map(({ query, after }) => [query, after])).toEqual([
    ['online', undefined],
    ['online', first],
  ]);
  expect(result).toMatchObject({ changed: 7, unchanged: 1, refused: [{ code: 'CONFLICT', count: 11 }] });
  expect(result.refused[0]?.devices).toHaveLength(10);
  expect(seen).toEqual([3, 7]);
});

test('a long list goes in parts that a request takes', () => {
  const targets = targetsOf({ kind: 'some', ids: new Set(ids(2500)) }, 'online');
  expect(targets.map(({ devices }) => devices?.length)).toEqual([1000, 1000, 500]);
});

test('whoever breaks off is obeyed before the next batch', async () => {
  const stop = new AbortController();
  let asked = 0;
  const running = runBulk(
    async () => {
      asked += 1;
      stop.abort();
      return { dryRun: false, changed: 1, unchanged: 0, refused: [], after: ids(1)[0] ?? null };
    },
    targetsOf({ kind: 'all' }, ''),
    reboot,
    { dryRun: false, signal: stop.signal },
  );
  await expect(running).rejects.toThrow(/abort/i);
  expect(asked).toBe(1);
});
