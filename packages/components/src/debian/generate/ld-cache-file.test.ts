import { Arch, ARCHITECTURES } from '@slipway/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareLibraries, encodeLdCache } from './ld-cache-file.ts';

test.each([
  ['libc.so.6', 'libc.so.6', 0],
  ['libc.so.10', 'libc.so.9', 1],
  ['libc.so', 'libc.so.6', -1],
  ['lib2', 'liba', 1],
  ['libz', 'liba', 1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareLibraries(a, b))).toBe(sign);
  expect(Math.sign(compareLibraries(b, a))).toBe(sign === 0 ? 0 : -sign);
});

const name = fc.stringMatching(/^lib[a-c0-2.]{0,6}\.so(?:\.\d{1,2})?$/);

test('the loader finds every library by halving, as it searches', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.constantFrom(...Arch.options), (names, arch) => {
      const file = encodeLdCache(
        names.map((each) => ({ name: each, path: `/lib/${each}` })),
        arch,
      );
      const isLittle = ARCHITECTURES[arch].elf.endian === 'little';
      const word = (at: number): number => (isLittle ? file.readUInt32LE(at) : file.readUInt32BE(at));
      const text = (at: number): string => file.toString('latin1', at, file.indexOf(0, at));
      const find = (wanted: string): string | undefined => {
        for (let left = 0, right = word(20) - 1; left <= right;) {
          const middle = (left + right) >> 1;
          const at = 48 + middle * 24;
          const order = compareLibraries(wanted, text(word(at + 4)));
          if (order === 0) return text(word(at + 8));
          if (order < 0) left = middle + 1;
          else right = middle - 1;
        }
        return undefined;
      };
      for (const each of names)
        expect(compareLibraries(each, find(each)?.slice('/lib/'.length) ?? '')).toBe(0);
      expect(file[28]).toBe(isLittle ? 2 : 3);
      expect(word(24)).toBe(file.length - 48 - names.length * 24);
    }),
  );
});
