import { expect, test } from 'vitest';
import { chooseLed } from './identify.ts';

test.each([
  [['ACT', 'PWR', 'mmc0::'], 'ACT'],
  [['board:green:power', 'board:green:status'], 'board:green:status'],
  [['input2::capslock', 'input2::numlock', 'enp1s0-0::lan'], undefined],
  [['zeta', 'alpha'], 'alpha'],
  [[], undefined],
])('of %j people look at %s', (names, expected) => {
  expect(chooseLed(names)).toBe(expected);
});
