import { Arch, ARCHITECTURES } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { sonameOf } from './debian/generate/shared-library.ts';
import { elfShape } from './elf-reader.ts';

const NAME = 'libtest.so.1';
/** Every number of a file as the processor has it. */
const writerOf = (bytes: Buffer, arch: Arch) => {
  const { bits, endian } = ARCHITECTURES[arch].elf;
  const put = (value: number, at: number, width: number) =>
    endian === 'little' ? bytes.writeUIntLE(value, at, width) : bytes.writeUIntBE(value, at, width);
  const long = (value: number, at: number) => put(value, endian === 'big' && bits === 64 ? at + 4 : at, 4);
  return {
    half: (value: number, at: number) => put(value, at, 2),
    word: (value: number, at: number) => put(value, at, 4),
    long,
  };
};

/** A shared library of nothing but a name: header, two segments, dynamic section, strings; by elf(5). */
const library = (arch: Arch): Buffer => {
  const { bits, endian, machine } = ARCHITECTURES[arch].elf;
  const is64 = bits === 64;
  const width = bits / 8;
  const [header, segment] = is64 ? [64, 56] : [52, 32];
  const dynamicAt = header + 2 * segment;
  const stringsAt = dynamicAt + 3 * 2 * width;
  const bytes = Buffer.alloc(stringsAt + 64);
  const { half, word, long } = writerOf(bytes, arch);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, endian === 'little' ? 1 : 2, 1]);
  half(3, 16);
  half(machine, 18);
  long(header, is64 ? 32 : 28);
  half(segment, is64 ? 54 : 42);
  half(2, is64 ? 56 : 44);
  for (const [index, [type, at, size]] of (
    [
      [1, 0, bytes.length],
      [2, dynamicAt, 6 * width],
    ] as const
  ).entries()) {
    const start = header + index * segment;
    word(type, start);
    long(at, start + width);
    long(at, start + 2 * width);
    long(size, start + 4 * width);
  }
  for (const [index, value] of [5, stringsAt, 14, 1, 0, 0].entries()) long(value, dynamicAt + index * width);
  bytes.write(NAME, stringsAt + 1, 'latin1');
  return bytes;
};

test.each(Arch.options)('a library of %s tells its name, and is none of another processor', (arch) => {
  const content = library(arch);
  expect(elfShape(content)).toEqual({
    bits: ARCHITECTURES[arch].elf.bits,
    endian: ARCHITECTURES[arch].elf.endian,
  });
  for (const other of Arch.options) expect(sonameOf(content, other)).toBe(other === arch ? NAME : undefined);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a script', Buffer.from('#!/bin/sh\n')],
  ['a width that there is not', Buffer.from('\x7fELF\x03\x01')],
  ['an order that there is not', Buffer.from('\x7fELF\x02\x03')],
])('%s is no ELF file', (_what, bytes) => {
  expect(elfShape(bytes)).toBeUndefined();
});
