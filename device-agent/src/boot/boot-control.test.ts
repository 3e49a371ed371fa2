import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEfiString, encodeEfiString } from './efi-variables.ts';
import { withDefault } from './loader-conf.ts';

test('strings of EFI variables end with a NUL and round-trip', () => {
  expect([...encodeEfiString('ab')]).toEqual([97, 0, 98, 0, 0, 0]);
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('\0')),
      (text) => {
        expect(decodeEfiString(encodeEfiString(text))).toBe(text);
      },
    ),
  );
});

test('loader.conf keeps its other lines when the default changes', () => {
  expect(withDefault('timeout 0\ndefault slot-a.efi\neditor no\n', 'b')).toBe(
    'timeout 0\ndefault slot-b.efi\neditor no\n',
  );
  expect(withDefault('timeout 0\n', 'b')).toBe('default slot-b.efi\ntimeout 0\n');
});
