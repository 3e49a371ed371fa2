import type { SlipwayError } from '@slipway/protocol';

export const BLOCK = 512;

/** One header of a tar, as far as archives of images need it. */
export type ArchiveHeader = {
  readonly name: string;
  readonly size: number;
  /** the type flag as a character; NUL reads as `0` */
  readonly type: string;
  readonly link: string;
};

const text = (block: Uint8Array, from: number, length: number): string => {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
};

/** Octal digits, or base 256 with the top bit set, as GNU tar writes what does not fit. */
const number = (block: Uint8Array, from: number, length: number): number => {
  const first = block[from] ?? 0;
  if ((first & 0x80) === 0) {
    const digits = text(block, from, length).trim();
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits === '' ? '0' : digits, 8) : Number.NaN;
  }
  let value = first & 0x7f;
  for (const byte of block.subarray(from + 1, from + length)) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : Number.NaN;
};

const sumOf = (block: Uint8Array): number => {
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
};

/**
 * @param invalid makes the error to throw
 * @returns undefined for the zero block at the end
 */
export const parseHeader = (
  block: Uint8Array,
  invalid: (message: string) => SlipwayError,
): ArchiveHeader | undefined => {
  if (block.every((byte) => byte === 0)) return undefined;
  if (number(block, 148, 8) !== sumOf(block)) throw invalid('expected a header, found other bytes');
  const size = number(block, 124, 12);
  if (Number.isNaN(size)) throw invalid('a size is no number');
  // GNU tar uses the room of the prefix for other things.
  const prefix = text(block, 257, 8) === 'ustar' ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0),
    link: text(block, 157, 100),
  };
};

/** Records `length key=value\n` of a PAX header. */
export const parsePax = (
  bytes: Uint8Array,
  invalid: (message: string) => SlipwayError,
): ReadonlyMap<string, string> => {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = Buffer.from(bytes.subarray(at, Math.max(at, space))).toString('latin1');
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a)
      throw invalid('a PAX record is malformed');
    const decode = (from: number, to: number): string =>
      Buffer.from(bytes.subarray(from, to)).toString('utf8');
    records.set(decode(space + 1, equals), decode(equals + 1, end - 1));
    at = end;
  }
  return records;
};
