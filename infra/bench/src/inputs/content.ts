/** Contents of files that compress as those of real images do: made, not recorded, and the same on every machine. */
import { randomOf, type Random } from './random.ts';
import { putPiece, vocabularyOf } from './zipf.ts';

const SYLLABLES =
  'ba co de fi gu ha in jo ke lu ma no or pe qui ra se to un ve wi xa yo ze ing er ion ly st th';
const SEPARATORS = [
  ' ',
  ' ',
  ' ',
  ' ',
  '_',
  '.',
  ', ',
  '(',
  ') ',
  ' = ',
  ': ',
  '\n',
  '\n  ',
  ';\n',
  '/',
  '\n\n',
];

const words = (() => {
  const random = randomOf('words');
  const syllables = SYLLABLES.split(' ');
  const word = (): string =>
    Array.from({ length: 1 + random.below(4) }, () => syllables[random.below(syllables.length)]).join('');
  return vocabularyOf(
    Array.from({ length: 12_000 }, () => Buffer.from(word() + SEPARATORS[random.below(SEPARATORS.length)])),
  );
})();

/** Text as configuration files, scripts and modules of languages are; gzip brings it to about a third. */
export const writeText = (into: Uint8Array, from: number, to: number, random: Random): void => {
  let at = from;
  while (at < to) {
    const bits = random.next();
    at = putPiece(words, bits, into, at, to);
    // Phrases come again a little later, as they do in code.
    if (bits >>> 28 === 0 && at - from > 512) {
      const end = Math.min(to, at + 24 + ((bits >>> 20) & 63));
      const back = 64 + random.below(Math.min(8192, at - from - 128));
      for (; at < end; at += 1) into[at] = into[at - back] ?? 0;
    }
  }
};

const instructions = (() => {
  const random = randomOf('instructions');
  return vocabularyOf(
    Array.from({ length: 2400 }, () =>
      Uint8Array.from({ length: 2 + random.below(5) }, () => random.next() & 0xff),
    ),
  );
})();

const writeCode = (into: Uint8Array, from: number, to: number, random: Random): void => {
  let at = from;
  while (at < to) {
    const bits = random.next();
    at = putPiece(instructions, bits, into, at, to);
    const operand = (bits >>> 16) & 15;
    // None, a small number, a distance within the file, or an address.
    const random32 = operand > 7 ? random.next() : 0;
    if (operand > 7 && at < to) into[at++] = random32 & (operand < 13 ? 0x1f : 0xff);
    if (operand > 12 && at + 2 < to) {
      into[at++] = (random32 >>> 8) & 0xff;
      into[at++] = operand === 15 ? (random32 >>> 16) & 0xff : 0;
    }
  }
};

/** Rows of symbol and relocation tables: addresses that grow, numbers of symbols, flags. */
const writeTables = (into: Uint8Array, from: number, to: number, random: Random): void => {
  let address = 0x40_0000;
  for (let at = from; at + 24 <= to; at += 24) {
    address += 8 * (1 + random.below(12));
    const view = new DataView(into.buffer, into.byteOffset + at, 24);
    view.setUint32(0, address, true);
    view.setUint32(8, 7, true);
    view.setUint32(12, random.below(4096), true);
    view.setUint32(16, address ^ random.below(1 << 14), true);
  }
};

/** A program or library: gzip brings it to 45 to 50 percent. */
export const writeProgram = (into: Uint8Array, from: number, to: number, random: Random): void => {
  const length = to - from;
  const at = (part: number): number => from + Math.floor(length * part);
  const code = at(0.6);
  const strings = at(0.8);
  const tables = at(0.93);
  writeCode(into, from, code, random);
  writeText(into, code, strings, random);
  into.fill(0, strings, to);
  writeTables(into, strings, tables, random);
  if (length >= ELF_HEADER.length) into.set(ELF_HEADER, from);
};

/** 64 bit, little endian, position independent, x86-64 */
const ELF_HEADER = Buffer.from('7f454c4602010100000000000000000003003e0001000000', 'hex');

/** What is compressed already, such as a kernel. */
export const writeCompressed = (into: Uint8Array, from: number, to: number, random: Random): void => {
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const bits = random.next();
    into[at] = bits & 0xff;
    into[at + 1] = (bits >>> 8) & 0xff;
    into[at + 2] = (bits >>> 16) & 0xff;
    into[at + 3] = bits >>> 24;
  }
  into.fill(0x5a, at, to);
};
