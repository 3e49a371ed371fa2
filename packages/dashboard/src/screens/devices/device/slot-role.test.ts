import type { SlotReport } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { slotRole } from './slot-role.ts';

const slots = (a: SlotReport['state'], b: SlotReport['state']) => ({ a: { state: a }, b: { state: b } });

test.each([
  ['a', 'GOOD', 'EMPTY', 'confirmed', 'What the device runs'],
  ['b', 'GOOD', 'GOOD', 'confirmed', 'The way back'],
  ['a', 'GOOD', 'TRIAL', 'confirmed', 'comes back to it unless'],
  ['b', 'GOOD', 'TRIAL', 'on trial', 'One boot to prove'],
  ['b', 'GOOD', 'FAILED', 'failed', 'writes over it'],
  ['b', 'GOOD', 'EMPTY', 'empty', 'next update'],
] as const)('slot %s of %s and %s is %s', (name, a, b, word, about) => {
  const active = slots(a, b).b.state === 'TRIAL' ? 'b' : 'a';
  const role = slotRole(name, active, slots(a, b));
  expect([role.word, role.about]).toEqual([word, expect.stringContaining(about)]);
});
