import { expect, test } from 'vitest';
import { fatNames } from './names.ts';

test('a name of capital letters that fits is the short one, others are long ones with a short one of their own', () => {
  expect(fatNames(['EFI', 'BOOTX64.EFI', 'slot-a.efi', 'loader.conf', '.hidden', 'a b.c.txt'])).toEqual([
    { short: 'EFI        ' },
    { short: 'BOOTX64 EFI' },
    { short: 'SLOT-A  EFI', long: 'slot-a.efi' },
    { short: 'LOADER~1CON', long: 'loader.conf' },
    { short: 'HIDDEN~1   ', long: '.hidden' },
    { short: 'ABC~1   TXT', long: 'a b.c.txt' },
  ]);
});

test('names that are short the same way are told apart by numbers, around those that are there', () => {
  const many = Array.from({ length: 11 }, (_, index) => `overlay-${index}.dtbo`);
  const names = fatNames([...many, 'OVERLA~2.DTB']);
  expect(new Set(names.map(({ short }) => short)).size).toBe(12);
  expect(names.map(({ short }) => short)).toEqual([
    'OVERLA~1DTB',
    ...[3, 4, 5, 6, 7, 8, 9].map((number) => `OVERLA~${number}DTB`),
    'OVERL~10DTB',
    'OVERL~11DTB',
    'OVERL~12DTB',
    'OVERLA~2DTB',
  ]);
});

test.each([['a', 'A'], ['a:b'], ['end.'], [''], ['x'.repeat(256)]])(
  'a folder with %j is refused',
  (...names) => {
    expect(() => fatNames(names)).toThrow(expect.objectContaining({ code: 'BUILD_FAILED' }));
  },
);
