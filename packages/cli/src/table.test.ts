import { expect, test } from 'vitest';
import { facts, size, table, time } from './table.ts';

test('columns line up and end without blanks', () => {
  expect(
    table(
      ['id', 'state'],
      [
        ['bld_1', 'ok'],
        ['b', 'failed'],
      ],
    ),
  ).toBe('ID     STATE\nbld_1  ok\nb      failed');
});

test('a line ends at the edge of the terminal', () => {
  expect(table(['message'], [['a long message']], 8)).toBe('MESSAGE\na long …');
});

test('facts without a value are left out', () => {
  expect(facts({ id: 'x', code: null, online: false })).toBe('id      x\nonline  false');
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1_572_864, '1.5 MiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test('times are cut to seconds', () => {
  expect(time('2026-01-31T12:34:56.789Z')).toBe('2026-01-31 12:34:56');
  expect(time(null)).toBe('-');
});
