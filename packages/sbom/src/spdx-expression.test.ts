import { expect, test } from 'vitest';
import {
  isInevitable,
  isSpdxExpression,
  isSpdxId,
  normaliseLicenses,
  plainText,
  spdxIds,
  toExpression,
} from './spdx-expression.ts';

test('identifiers, expressions and mere names are told apart', () => {
  expect(['MIT', 'GPL-2.0-only', 'MIT OR ISC', 'LicenseRef-x', 'GPL-2', 'mit', ''].map(isSpdxId)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(
    ['MIT OR ISC', 'GPL-2.0-only WITH Linux-syscall-note', 'LicenseRef-x', 'GPL-2'].map(isSpdxExpression),
  ).toEqual([true, true, true, false]);
  expect(isSpdxExpression(`${'('.repeat(100_000)}MIT`)).toBe(false);
});

test('licences that apply together are taken apart, in one order, each once', () => {
  expect(normaliseLicenses(['ISC AND (MIT OR Apache-2.0)', 'MIT', 'ISC', 'see the file', ''])).toEqual([
    'ISC',
    'MIT',
    'MIT OR Apache-2.0',
    'see the file',
  ]);
  expect(normaliseLicenses(['(MIT OR ISC) AND (Zlib OR (X11 AND curl))'])).toEqual([
    'MIT OR ISC',
    'Zlib OR (X11 AND curl)',
  ]);
});

test('they go together again, unless one is a name', () => {
  expect(toExpression(['ISC', 'MIT OR Apache-2.0'])).toBe('ISC AND (MIT OR Apache-2.0)');
  expect(toExpression(['MIT OR Apache-2.0'])).toBe('MIT OR Apache-2.0');
  expect(toExpression(['MIT', 'custom'])).toBeUndefined();
  expect(toExpression([])).toBeUndefined();
});

test('what nobody can avoid by a choice is inevitable', () => {
  const isGpl = (id: string): boolean => id.startsWith('GPL');
  expect(isInevitable('MIT OR GPL-2.0-only', isGpl)).toBe(false);
  expect(isInevitable('GPL-3.0-only OR GPL-2.0-only', isGpl)).toBe(true);
  expect(isInevitable('(MIT OR ISC) AND GPL-2.0-only', isGpl)).toBe(true);
  expect(isInevitable('MIT OR (ISC AND GPL-2.0-only)', isGpl)).toBe(false);
  expect(isInevitable('GPL of some kind', isGpl)).toBe(true);
  // A product of thirty choices has a thousand million ways.
  expect(isInevitable(Array.from({ length: 30 }, () => '(MIT OR ISC)').join(' AND '), isGpl)).toBe(false);
  expect(spdxIds('MIT OR ISC')).toEqual(['MIT', 'ISC']);
});

test('what a terminal would obey is gone from texts', () => {
  expect(plainText('a\u001b[31mb\nc\u0007\u202e d  ')).toBe('a [31mb c d');
  expect(plainText('x'.repeat(1000))).toHaveLength(200);
});
