import { CommandId } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { commandOf } from '../fixture/world.ts';
import { admitCommand } from './admit.ts';

const id = commandOf(1);

describe('a command', () => {
  test.each([
    ['that is new is done', [], { id }, false, 'do'],
    ['at its last second is done', [], { id, expiresAt: 100 }, false, 'do'],
    ['that has expired is refused', [], { id, expiresAt: 99 }, false, 'expired'],
    ['that came before is ignored', [id], { id }, false, 'ignored'],
    ['that is retained is ignored', [], { id }, true, 'ignored'],
  ] as const)('%s', (_, seen, command, retained, expected) => {
    expect(admitCommand(seen, command, retained, 100).admission.kind).toBe(expected);
  });

  test('that has expired is remembered like any other', () => {
    const { seen } = admitCommand([], { id, expiresAt: 99 }, false, 100);
    expect(admitCommand(seen, { id, expiresAt: 99 }, false, 100).admission.kind).toBe('ignored');
  });

  test('of which many come costs bounded memory, and the newest stay known', () => {
    let seen: readonly CommandId[] = [];
    for (let number = 0; number < 1000; number++) {
      ({ seen } = admitCommand(seen, { id: commandOf(number) }, false, 100));
    }
    expect(seen).toHaveLength(64);
    expect(admitCommand(seen, { id: commandOf(999) }, false, 100).admission.kind).toBe('ignored');
  });
});
