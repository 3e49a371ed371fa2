import { expect, test } from 'vitest';
import { bootsOf, verdictOf } from './verdict.ts';

const scenario = { oldSlot: 'a' } as const;
const boot = (slot: string, version: string, ...lines: readonly string[]): string =>
  [
    `slipway: boot id=00000000-0000-4000-8000-000000000000 slot=${slot} version=${version} roothash=${'5'.repeat(64)}`,
    'slipway: ready after 5.16s',
    ...lines.map((line) => `slipway-agent: ${line}`),
    '',
  ].join('\n');

test.each([
  ['boots-old-idle', boot('a', '1.0.0', 'start: x', 'connected', 'accepted release 2.0.0, writing slot b')],
  ['boots-old-resumes', boot('a', '1.0.0', 'start: x', 'resuming release 2.0.0', 'armed slot b, rebooting')],
  ['boots-old-rearms', boot('a', '1.0.0', 'start: x', 'armed slot b, rebooting')],
  ['boots-old-rearms', boot('a', '1.0.0', 'trial of 2.0.0 ended without a verdict, arming it again')],
  ['reports-rollback', boot('a', '1.0.0', 'start: x', 'rolled back: TRIAL_GATE_FAILED: probe')],
  ['boots-old-good', boot('a', '1.0.0', 'start: x', 'connected')],
  [
    'boots-new-trial',
    boot('b', '2.0.0', 'start: x', 'trial boot of 2.0.0 in slot b', 'committed 2.0.0 in slot b'),
  ],
  ['boots-new-commits', boot('b', '2.0.0', 'start: x', 'committed 2.0.0 in slot b')],
  ['boots-new-good', boot('b', '2.0.0', 'start: x', 'connected')],
] as const)('%s', (verdict, console) => {
  expect(verdictOf(console, scenario)).toBe(verdict);
});

test('the first boot with an agent counts, whatever came before it and comes after it', () => {
  const console =
    boot('b', '2.0.0') + boot('a', '1.0.0', 'connected') + boot('b', '2.0.0', 'trial boot of 2.0.0');
  expect(bootsOf(console).map(({ slot, lines }) => [slot, lines.length])).toEqual([
    ['b', 0],
    ['a', 1],
    ['b', 1],
  ]);
  expect(verdictOf(console, scenario)).toBe('boots-old-good');
});

test('a console without a boot has no verdict', () => {
  expect(verdictOf('BdsDxe: loading Boot0001\nUEFI Interactive Shell\n', scenario)).toBeUndefined();
});
