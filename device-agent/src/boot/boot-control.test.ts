import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { parseAutoboot, writeAutoboot } from './autoboot.ts';
import { crc32 } from './crc32.ts';
import { decodeNumbers, encodeBootEntry, encodeNumbers, entryName, startsSame } from './efi-boot-entry.ts';
import { decodeEfiString, encodeEfiString } from './efi-variables.ts';
import { decodeGrubBlock, encodeGrubBlock } from './grub-environment.ts';
import { confDefault, withDefault } from './loader-conf.ts';
import { decodeEnvironment, encodeEnvironment, newerCopy, nextFlags } from './u-boot-environment.ts';

const names = fc.stringMatching(/^[a-z][a-z_]{0,11}$/);
const variables = (value: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(names, value), { maxLength: 8 }).map((entries) => new Map(entries));
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe('EFI', () => {
  test('strings of EFI variables end with a NUL and round-trip', () => {
    expect([...encodeEfiString('ab')]).toEqual([97, 0, 98, 0, 0, 0]);
    fc.assert(
      fc.property(
        fc.string().filter((string) => !string.includes('\0')),
        (string) => {
          expect(decodeEfiString(encodeEfiString(string))).toBe(string);
        },
      ),
    );
  });

  test('loader.conf keeps its other lines when the default changes', () => {
    const conf = 'timeout 0\ndefault slot-a.efi\neditor no\n';
    expect(withDefault(conf, 'b')).toBe('timeout 0\ndefault slot-b.efi\neditor no\n');
    expect(withDefault('timeout 0\n', 'b')).toBe('default slot-b.efi\ntimeout 0\n');
    expect(confDefault(conf)).toBe('slot-a.efi');
  });

  test('a boot entry is the load option that the specification describes', () => {
    const entry = {
      description: 'S',
      partition: { number: 1, start: 2048, size: 81_920, guid: '01234567-89ab-cdef-0123-456789abcdef' },
      file: String.raw`\E`,
    };
    const bytes = encodeBootEntry(entry);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '01000000', // active
        '3800', // length of the path
        '53000000', // S
        '04012a00', // hard drive, 42 bytes
        '01000000',
        '0008000000000000',
        '0040010000000000',
        '67452301ab89efcd0123456789abcdef',
        '0202', // GPT, GUID
        '04040a00', // file
        '5c0045000000',
        '7fff0400', // end
      ].join(''),
    );
    expect(startsSame(bytes, entry)).toBe(true);
    expect(startsSame(bytes, { ...entry, description: 'other' })).toBe(true);
    expect(startsSame(bytes, { ...entry, file: String.raw`\F` })).toBe(false);
    expect(startsSame(bytes.with(0, 0), entry)).toBe(false); // not active
    expect(startsSame(bytes.subarray(0, 12), entry)).toBe(false);
    expect(startsSame(undefined, entry)).toBe(false);
    expect(entryName(0x100a)).toBe('Boot100A');
    expect(decodeNumbers(encodeNumbers([3, 0x1000]))).toEqual([3, 0x1000]);
  });
});

describe("U-Boot's environment", () => {
  const layouts = [
    { size: 512, hasFlags: false },
    { size: 512, hasFlags: true },
  ];

  test.each(layouts)('round-trips, flags %o', (layout) => {
    fc.assert(
      fc.property(variables(fc.stringMatching(/^[ -~]{1,16}$/)), fc.nat(255), (map, flags) => {
        const bytes = encodeEnvironment({ variables: map, flags }, layout);
        expect(bytes).toHaveLength(layout.size);
        expect(decodeEnvironment(bytes, layout)).toEqual({
          variables: map,
          flags: layout.hasFlags ? flags : 0,
        });
      }),
    );
  });

  test('a bit that flipped and bytes that are missing make it unreadable', () => {
    const layout = { size: 128, hasFlags: false };
    const good = encodeEnvironment({ variables: new Map([['slot_default', 'a']]), flags: 0 }, layout);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const at = bit >> 3;
      expect(decodeEnvironment(good.with(at, (good[at] ?? 0) ^ (1 << (bit & 7))), layout)).toBeUndefined();
    }
    expect(decodeEnvironment(good.subarray(0, 127), layout)).toBeUndefined();
    expect(decodeEnvironment(undefined, layout)).toBeUndefined();
    expect(() =>
      encodeEnvironment({ variables: new Map([['x', 'y'.repeat(128)]]), flags: 0 }, layout),
    ).toThrow(/needs 136 bytes, its place has 128/);
  });

  test('the checksum is that of zlib', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      }),
    );
  });

  test('of two copies the one saved last holds, also when the counter goes from 255 to 0', () => {
    for (let flags = 0; flags < 256; flags++) {
      expect(newerCopy(flags, nextFlags(flags))).toBe(1);
      expect(newerCopy(nextFlags(flags), flags)).toBe(0);
    }
    expect(nextFlags(255)).toBe(0);
    expect(newerCopy(7, 7)).toBe(0);
  });
});

describe("GRUB's environment block", () => {
  test('round-trips, with the characters that are escaped', () => {
    fc.assert(
      fc.property(variables(fc.stringMatching(/^[ -~\n\\]{0,12}$/)), (map) => {
        const block = encodeGrubBlock(map);
        expect(block).toHaveLength(1024);
        expect(decodeGrubBlock(block)).toEqual(map);
      }),
    );
  });

  test('is refused by its first line and its length', () => {
    const block = encodeGrubBlock(new Map([['slot_default', 'a']]));
    expect(decodeGrubBlock(block.with(3, 0))).toBeUndefined();
    expect(decodeGrubBlock(block.subarray(0, 1023))).toBeUndefined();
    expect(decodeGrubBlock(undefined)).toBeUndefined();
    expect(() => encodeGrubBlock(new Map([['x', 'y'.repeat(1000)]]))).toThrow(/GRUB has 1024/);
  });
});

describe('autoboot.txt', () => {
  const partitions = { a: 2, b: 3 };

  test('the example of the documentation is read', () => {
    const file = text('[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n');
    expect(parseAutoboot(file)).toEqual({ plain: 2, tryboot: 3, switchesPartitions: true });
    expect(parseAutoboot(text('boot_partition=3\r\n'))).toEqual({
      plain: 3,
      tryboot: 3,
      switchesPartitions: false,
    });
    expect(parseAutoboot(undefined)).toEqual({
      plain: undefined,
      tryboot: undefined,
      switchesPartitions: false,
    });
  });

  test('other settings stay where they were, and the file keeps its length', () => {
    const before = text('# ours\n[all]\nboot_partition=2\nboot_watchdog_timeout=30\n[none]\nx=1\n');
    const after = writeAutoboot(before, partitions, 'b');
    expect(new TextDecoder().decode(after).trimEnd()).toBe(
      '[all]\ntryboot_a_b=1\nboot_partition=3\nboot_watchdog_timeout=30\n[tryboot]\nboot_partition=2\n[none]\nx=1\n[all]',
    );
    expect(parseAutoboot(after)).toEqual({ plain: 3, tryboot: 2, switchesPartitions: true });
    expect(writeAutoboot(after, partitions, 'a')).toHaveLength(after.length);
    expect(() => writeAutoboot(text(`[all]\nx=${'1'.repeat(300)}\n`), partitions, 'a')).toThrow(
      /room is for 256/,
    );
  });

  test('whatever lies there, both slots are named afterwards', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom('a' as const, 'b' as const),
        (bytes, slot) => {
          const other = slot === 'a' ? 3 : 2;
          expect(parseAutoboot(writeAutoboot(bytes, partitions, slot))).toEqual({
            plain: partitions[slot],
            tryboot: other,
            switchesPartitions: true,
          });
        },
      ),
    );
  });
});
