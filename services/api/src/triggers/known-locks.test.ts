import type { TriggerLocks } from '@slipway/fleet';
import { ClassName, TriggerId, TriggerRule } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { knownLocks } from './known-locks.ts';

const edge = ClassName.parse('edge');
const id = (letter: string) => TriggerId.parse(`trg_${letter.repeat(16)}`);
const publishes = { publish: true, channel: 'stable' };
const trigger = (letter: string, rule: object, lock?: { from?: string; at?: string }): TriggerLocks => ({
  id: id(letter),
  rule: TriggerRule.parse(rule),
  perClass: {},
  locks: lock === undefined ? {} : { edge: { from: 'now', text: `lock of ${letter}`, ...lock } },
});

test.each<
  [what: string, mine: TriggerLocks, others: TriggerLocks[], newest?: string, seen?: string | undefined]
>([
  ['nobody has one', trigger('a', {}), [trigger('b', {})]],
  [
    'its own',
    trigger('a', {}, { at: '2' }),
    [trigger('b', publishes, { at: '1' })],
    'lock of a',
    'lock of a',
  ],
  [
    'of another that does the same',
    trigger('a', {}, { at: '1' }),
    [trigger('b', {}, { at: '2' })],
    'lock of b',
    'lock of b',
  ],
  [
    'of another that does something else',
    trigger('a', {}, { at: '1' }),
    [trigger('b', publishes, { at: '2' })],
    'lock of b',
    'lock of a',
  ],
  [
    'only of another that does something else',
    trigger('a', {}),
    [trigger('b', publishes, { at: '2' })],
    'lock of b',
    undefined,
  ],
  [
    'of another lock in the repository',
    trigger('a', {}, { at: '1' }),
    [trigger('b', {}, { from: 'before', at: '2' })],
    'lock of a',
    'lock of a',
  ],
  [
    'from before there were times',
    trigger('a', {}, {}),
    [trigger('b', {}, { at: '1' })],
    'lock of b',
    'lock of b',
  ],
])('%s', (_what, mine, others, newest, seen) => {
  expect(knownLocks([...others, mine], mine, edge, 'now')).toEqual({ newest, seen });
});

test('a rule for the class itself counts', () => {
  const mine = trigger('a', {}, { at: '1' });
  const other = { ...trigger('b', publishes, { at: '2' }), perClass: { [edge]: TriggerRule.parse({}) } };
  expect(knownLocks([mine, other], mine, edge, 'now').seen).toBe('lock of b');
});
