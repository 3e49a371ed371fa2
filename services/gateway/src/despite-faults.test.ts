import { pino } from 'pino';
import { expect, test } from 'vitest';
import { despiteFaults } from './despite-faults.ts';

const logger = pino({ level: 'silent' });
const patience = { logger, signal: new AbortController().signal, againMs: 0 };
const sqlError = (code: string): Error => Object.assign(new Error('no'), { code });

test('one that is refused takes no other with it, and order is kept', async () => {
  const recorded: number[] = [];
  const record = async (items: readonly number[]): Promise<string[]> => {
    if (items.includes(5)) throw new Error('failed query', { cause: sqlError('22P05') });
    recorded.push(...items);
    return items.map((item) => `of ${item}`);
  };
  const outcomes = await despiteFaults([1, 2, 3, 4, 5, 6, 7], record, patience);
  expect(recorded).toEqual([1, 2, 3, 4, 6, 7]);
  expect(outcomes).toEqual(['of 1', 'of 2', 'of 3', 'of 4', undefined, 'of 6', 'of 7']);
});

test('a database that is away is waited for, and nothing is lost or halved', async () => {
  const tries: number[] = [];
  const faults = [sqlError('57P01'), new Error('Connection terminated unexpectedly')];
  const record = async (items: readonly number[]): Promise<number[]> => {
    tries.push(items.length);
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    return [...items];
  };
  expect(await despiteFaults([1, 2], record, patience)).toEqual([1, 2]);
  expect(tries).toEqual([2, 2, 2]);
});

test('what waits ends with the gateway', async () => {
  const stop = new AbortController();
  const record = async (): Promise<number[]> => {
    stop.abort();
    throw sqlError('57P01');
  };
  await expect(despiteFaults([1], record, { ...patience, signal: stop.signal })).rejects.toThrow('aborted');
});
