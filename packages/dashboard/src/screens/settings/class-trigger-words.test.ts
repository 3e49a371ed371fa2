import { ClassName, type ClassTriggers } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { namedAs, needsApproval, rowsOf } from './class-trigger-words.ts';

const cron = { on: 'cron', schedule: '0 3 * * 1', timeZone: 'UTC' } as const;
const of = (over: Partial<ClassTriggers>): ClassTriggers => ({
  deviceClass: ClassName.parse('edge'),
  file: 'classes/edge.yml',
  mode: 'taken',
  triggers: [{ on: cron, state: 'taken', trigger: null, message: null }],
  leaving: [],
  code: null,
  message: null,
  ...over,
});

test('what a class file names is told as triggers of the server are', () => {
  expect(namedAs(cron)).toBe('the time 0 3 * * 1 (UTC)');
  expect(namedAs({ on: 'push' })).toBe('a push to the branch of its source');
  expect(namedAs({ on: 'upstream', everyMinutes: 60 })).toBe('what changed upstream, looked for every hour');
});

test('a fault comes before what holds all the same, and what goes last', () => {
  const rows = rowsOf(
    of({ code: 'SPEC_INVALID', message: 'classes/edge.yml:4:1', leaving: [{ on: 'push' }] }),
  );
  expect(rows.map(({ label, tone }) => [label, tone])).toEqual([
    ['SPEC_INVALID', 'bad'],
    ['taken', 'good'],
    ['removed from the file', 'warning'],
  ]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
});

test.each<[Partial<ClassTriggers>, boolean]>([
  [{}, false],
  [{ mode: 'approval' }, false],
  [{ mode: 'approval', leaving: [cron] }, true],
  [{ mode: 'approval', triggers: [{ on: cron, state: 'waiting', trigger: null, message: null }] }, true],
  [{ mode: 'off', leaving: [cron] }, false],
])('%j needs approval: %s', (over, needs) => {
  expect(needsApproval(of(over))).toBe(needs);
});
