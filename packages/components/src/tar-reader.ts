import { SlipwayError } from '@slipway/protocol';

const BLOCK = 512;
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const MAX_META_BYTES = 1024 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });
const XATTR_PREFIX = 'SCHILY.xattr.';

/** One entry of a tar as it stands there; names are not checked for safety yet. */
export type TarEntry = {
  readonly name: string;
  readonly type: 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly content: Uint8Array;
};

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

const fail = (source: string, what: string): never => {
  throw new SlipwayError(
    'COMPONENT_INVALID',
    `${source}: the tar is malformed: ${what}; rebuild the component`,
    {
      details: { component: source },
    },
  );
};
const unsafe = (source: string, what: string): never => {
  throw new SlipwayError('LAYER_UNSAFE', `${source}: ${what}`, { details: { component: source } });
};

const text = (bytes: Uint8Array, source: string): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    return fail(source, 'a name is not UTF-8');
  }
};

const untilNul = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
};

/** Octal text, or GNU's base 256 when the first bit is set. */
const number = (bytes: Uint8Array, source: string): number => {
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
    : fail(source, `not an octal number: ${digits}`);
};

/** Keys are text, values any bytes. */
export const decodePaxRecords = (bytes: Uint8Array, source: string): Map<string, Uint8Array> => {
  const records = new Map<string, Uint8Array>();
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset);
    const digits = space === -1 ? '' : text(bytes.subarray(offset, space), source);
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const end = offset + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end)
      return fail(source, 'a PAX record has a wrong length');
    records.set(text(bytes.subarray(space + 1, equals), source), bytes.subarray(equals + 1, end - 1));
    offset = end;
  }
  return records;
};

const decimal = (value: Uint8Array, key: string, source: string): number => {
  const digits = text(value, source);
  if (digits.startsWith('-') && key !== 'mtime') return unsafe(source, `PAX ${key} is negative: ${digits}`);
  const parsed = Number(digits);
  if (!/^-?\d+(?:\.\d*)?$/.test(digits) || !Number.isSafeInteger(Math.floor(parsed)))
    return fail(source, `PAX ${key} is not a number: ${digits}`);
  return Math.floor(parsed);
};

const checkSum = (header: Uint8Array, source: string): void => {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++)
    sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  if (sum !== number(header.subarray(148, 156), source)) fail(source, 'the checksum of a header is wrong');
};

const headerName = (header: Uint8Array, source: string): string => {
  const name = text(untilNul(header.subarray(0, 100)), source);
  const isPosix = text(header.subarray(257, 263), source) === 'ustar\0';
  const prefix = isPosix ? text(untilNul(header.subarray(345, 500)), source) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
};

const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** A PAX `size` may only say what the header has no room to say; anything else makes readers disagree. */
const sizeOf = (header: number, pax: Uint8Array | undefined, source: string): number => {
  if (pax === undefined) return header;
  const size = decimal(pax, 'size', source);
  if (size !== header && size <= MAX_OCTAL_SIZE)
    return unsafe(source, `PAX size ${size} contradicts the size ${header} of the header`);
  return size;
};

/**
 * Reads a tar held in memory: ustar, PAX with binary values, GNU long names. Contents are views into it.
 *
 * @param source named in errors
 * @throws {SlipwayError} COMPONENT_INVALID, LAYER_UNSAFE for negative or contradictory sizes
 */
export const decodeTar = function* (archive: Uint8Array, source: string): Generator<TarEntry> {
  // Views of a Buffer would be Buffers.
  const bytes = new Uint8Array(archive.buffer, archive.byteOffset, archive.length);
  let globals = new Map<string, Uint8Array>();
  let locals = new Map<string, Uint8Array>();
  let longName: string | undefined;
  let longLink: string | undefined;
  let offset = 0;
  while (offset + BLOCK <= bytes.length) {
    const header = bytes.subarray(offset, offset + BLOCK);
    if (isZero(header)) return;
    checkSum(header, source);
    const flag = String.fromCharCode(header[156] ?? 0);
    const isMeta = 'xgLK'.includes(flag);
    const pax = new Map([...globals, ...locals]);
    const declared = number(header.subarray(124, 136), source);
    const size = isMeta ? declared : sizeOf(declared, pax.get('size'), source);
    const start = offset + BLOCK;
    if (start + size > bytes.length) fail(source, `an entry of ${size} bytes reaches past the end`);
    const data = bytes.subarray(start, start + size);
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
    if (isMeta) {
      if (size > MAX_META_BYTES) unsafe(source, `a header of ${size} bytes is too large`);
      if (flag === 'x') locals = decodePaxRecords(data, source);
      else if (flag === 'g') globals = new Map([...globals, ...decodePaxRecords(data, source)]);
      else if (flag === 'L') longName = text(untilNul(data), source);
      else longLink = text(untilNul(data), source);
      continue;
    }
    const known = TYPES[flag];
    if (known === undefined) fail(source, `unknown entry type ${JSON.stringify(flag)}`);
    if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse')))
      fail(source, 'sparse files are not supported');
    const own = (key: string): string | undefined => {
      const value = pax.get(key);
      return value === undefined ? undefined : text(value, source);
    };
    const name = own('path') ?? longName ?? headerName(header, source);
    const id = (key: string, from: number, to: number): number => {
      const value = pax.get(key);
      return value === undefined ? number(header.subarray(from, to), source) : decimal(value, key, source);
    };
    const type = known === 'file' && name.endsWith('/') ? 'directory' : (known ?? 'file');
    yield {
      name,
      type,
      linkName: own('linkpath') ?? longLink ?? text(untilNul(header.subarray(157, 257)), source),
      mode: number(header.subarray(100, 108), source) & 0o7777,
      uid: id('uid', 108, 116),
      gid: id('gid', 116, 124),
      mtime: Math.max(0, id('mtime', 136, 148)),
      major: type === 'char' || type === 'block' ? number(header.subarray(329, 337), source) : 0,
      minor: type === 'char' || type === 'block' ? number(header.subarray(337, 345), source) : 0,
      xattrs: new Map(
        [...pax]
          .filter(([key]) => key.startsWith(XATTR_PREFIX))
          .map(([key, value]) => [key.slice(XATTR_PREFIX.length), value]),
      ),
      content: type === 'file' ? data : new Uint8Array(),
    };
    locals = new Map();
    longName = undefined;
    longLink = undefined;
  }
  fail(source, 'it ends without an end mark');
};
