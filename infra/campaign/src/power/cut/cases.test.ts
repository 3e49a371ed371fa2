import { expect, test } from 'vitest';
import { SECTOR } from '../../block/overlay-disk.ts';
import type { LogEntry } from '../../block/write-log.ts';
import { DESIRED, STATUS } from '../record/record.ts';
import { casesOf, parseId, pickEvenly } from './cases.ts';

const write = (device: 'disk' | 'vars', sectors: number): LogEntry => ({
  kind: 'write',
  device,
  offset: 0,
  bytes: Buffer.alloc(sectors * SECTOR),
  fua: false,
});
const log: LogEntry[] = [
  write('disk', 1),
  { kind: 'mark', what: DESIRED, detail: null },
  write('disk', 8),
  { kind: 'flush', device: 'disk' },
  { kind: 'mark', what: STATUS, detail: { state: 'ACCEPTED' } },
  write('vars', 1),
];
const name = { arch: 'amd64', scenario: 'commit' } as const;

test('the power goes before and after every write and flush of the update, and not before it', () => {
  const cases = casesOf(name, log, 1);
  const prefixes = cases.filter(({ cut }) => cut.kind === 'prefix').map(({ cut }) => cut.boundary);
  expect(prefixes).toEqual([2, 3, 5, 6]);
  expect(cases.find(({ id }) => id === 'amd64-commit-p5')?.phase).toBe('ACCEPTED');
});

test('writes of several sectors are torn, and what is not flushed is lost', () => {
  const ids = casesOf(name, log, 1).map(({ id }) => id);
  expect(ids).toContain('amd64-commit-t2.1');
  expect(ids).toContain('amd64-commit-l3.1');
  expect(ids.filter((id) => id.startsWith('amd64-commit-t5'))).toEqual([]);
});

test('the id of a case names its cut', () => {
  for (const { id, cut } of casesOf(name, log, 3)) expect(parseId(id)).toEqual({ ...name, cut });
  for (const id of [
    '',
    'amd64-commit',
    'amd64-commit-p',
    'amd64-commit-p1.2',
    'amd64-commit-t1',
    'mips-commit-p1',
  ])
    expect(parseId(id)).toBeUndefined();
});

test('a choice of few has some of every kind, and the same for the same seed', () => {
  const items = Array.from({ length: 100 }, (_, index) => ({ index, kind: index < 95 ? 'many' : 'few' }));
  const pick = (seed: number) => pickEvenly(items, 8, seed, ({ kind }) => kind);
  expect(pick(1).filter(({ kind }) => kind === 'few')).toHaveLength(4);
  expect(pick(1)).toEqual(pick(1));
  expect(pick(1)).not.toEqual(pick(2));
  expect(pickEvenly(items, 200, 1, ({ kind }) => kind)).toHaveLength(100);
});
