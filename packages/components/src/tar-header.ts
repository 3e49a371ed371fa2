import { SlipwayError } from '@slipway/protocol';

/** Reading the fields of a tar header: ustar, PAX and GNU. Shared by everything that reads tars. */
export const BLOCK = 512;
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const decoder = new TextDecoder('utf-8', { fatal: true });

export const malformed = (source: string, what: string): never => {
  throw new SlipwayError(
    'COMPONENT_INVALID',
    `${source}: the tar is malformed: ${what}; rebuild the component`,
    { details: { component: source } },
  );
};

export const unsafe = (source: string, what: string): never => {
  throw new SlipwayError('LAYER_UNSAFE', `${source}: ${what}`, { details: { component: source } });
};

export const text = (bytes: Uint8Array, source: string): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    return malformed(source, 'a name is not UTF-8');
  }
};

export const untilNul = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
};

/** Octal text, or GNU's base 256 when the first bit is set. */
export const number = (bytes: Uint8Array, source: string): number => {
  const first = bytes[0] ?? 0;
  if (first >= 0x80) {
    if (first !== 0x80) return unsafe(source, 'a number in a tar header is negative or too large');
    const value = bytes.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : unsafe(source, 'a number in a tar header is too large');
  }
  const digits = text(untilNul(bytes), source).trim();
  if (digits === '') return 0;
  if (digits.startsWith('-')) return unsafe(source, `a number in a tar header is negative: ${digits}`);
  return /^[0-7]+$/.test(digits)
    ? Number.parseInt(digits, 8)
    : malformed(source, `not an octal number: ${digits}`);
};

export const decimal = (value: Uint8Array, key: string, source: string): number => {
  const digits = text(value, source);
  if (digits.startsWith('-') && key !== 'mtime') return unsafe(source, `PAX ${key} is negative: ${digits}`);
  const parsed = Number(digits);
  if (!/^-?\d+(?:\.\d*)?$/.test(digits) || !Number.isSafeInteger(Math.floor(parsed)))
    return malformed(source, `PAX ${key} is not a number: ${digits}`);
  return Math.floor(parsed);
};

/** In order, because those of sparse files repeat. Keys are text, values any bytes. */
export const decodePaxList = (bytes: Uint8Array, source: string): [string, Uint8Array][] => {
  const records: [string, Uint8Array][] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset);
    const digits = space === -1 ? '' : text(bytes.subarray(offset, space), source);
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const end = offset + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end)
      return malformed(source, 'a PAX record has a wrong length');
    records.push([text(bytes.subarray(space + 1, equals), source), bytes.slice(equals + 1, end - 1)]);
    offset = end;
  }
  return records;
};

export const decodePaxRecords = (bytes: Uint8Array, source: string): Map<string, Uint8Array> =>
  new Map(decodePaxList(bytes, source));

export const checkSum = (header: Uint8Array, source: string): void => {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++)
    sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  if (sum !== number(header.subarray(148, 156), source))
    malformed(source, 'the checksum of a header is wrong');
};

export const headerName = (header: Uint8Array, source: string): string => {
  const name = text(untilNul(header.subarray(0, 100)), source);
  const isPosix = text(header.subarray(257, 263), source) === 'ustar\0';
  const prefix = isPosix ? text(untilNul(header.subarray(345, 500)), source) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
};

/** A PAX `size` may only say what the header has no room to say; anything else makes readers disagree. */
export const sizeOf = (header: number, pax: Uint8Array | undefined, source: string): number => {
  if (pax === undefined) return header;
  const size = decimal(pax, 'size', source);
  if (size !== header && size <= MAX_OCTAL_SIZE)
    return unsafe(source, `PAX size ${size} contradicts the size ${header} of the header`);
  return size;
};
