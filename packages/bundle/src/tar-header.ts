import { BUNDLE_ORDER, SlipwayError } from '@slipway/protocol';

/**
 * The headers of a bundle's tar: ustar, regular files, flat names, nothing else. Pure; the agent on the device reads
 * bundles with it as well. General tar is far wider than the format needs, and each of its extensions (PAX records,
 * long names, links, sparse files) has carried an attack; all are refused.
 */
export const TAR_BLOCK_BYTES = 512;
/** Two blocks of zeros end the archive. */
export const TAR_END_BYTES = 2 * TAR_BLOCK_BYTES;

export type TarHeader = { readonly name: string; /** bytes */ readonly size: number };
export type BundleFileName = (typeof BUNDLE_ORDER)[number];

/** Bytes between the end of a file of `size` bytes and the next header. */
export const tarPadding = (size: number): number =>
  (TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;

export const isZeroBlock = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

const malformed = (expected: string, found: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_MALFORMED',
    `tar header: expected ${expected}, found ${found}; fetch the bundle again.`,
    {
      details: { expected, found },
    },
  );

/** A field of text: printable ASCII without `/`, then only NULs. */
const text = (field: Uint8Array, what: string): string => {
  const nul = field.indexOf(0);
  const end = nul === -1 ? field.length : nul;
  if (field.subarray(end).some((byte) => byte !== 0))
    throw malformed(`only NUL after the ${what}`, 'other bytes');
  const characters = field.subarray(0, end);
  if (characters.some((byte) => byte <= 0x20 || byte >= 0x7f)) {
    throw malformed(`a ${what} of printable ASCII`, 'other bytes');
  }
  return String.fromCharCode(...characters);
};

/** Octal digits that fill the field but for the terminating NULs or spaces. */
const octal = (field: Uint8Array, what: string): number => {
  const match = /^([0-7]+)[\0 ]*$/.exec(String.fromCharCode(...field));
  if (match?.[1] === undefined) throw malformed(`octal digits as ${what}`, 'other bytes');
  const value = Number.parseInt(match[1], 8);
  if (!Number.isSafeInteger(value)) throw malformed(`a ${what} below 2^53`, 'a larger one');
  return value;
};

/** GNU's base-256 form, which sizes from 8 GiB need: 0x80, then a big-endian number. 0xff would be negative. */
const base256 = (field: Uint8Array, what: string): number => {
  if (field[0] !== 0x80) throw malformed(`a ${what} that is not negative`, 'a negative or oversized one');
  let value = 0n;
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(`a ${what} below 2^53`, `${value}`);
  return Number(value);
};

const number = (field: Uint8Array, what: string): number =>
  ((field[0] ?? 0) & 0x80) === 0 ? octal(field, what) : base256(field, what);

/** The sum of all bytes, with the field of the checksum itself read as spaces. */
const checksum = (block: Uint8Array): number => {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return sum;
};

/**
 * @param block exactly 512 bytes
 * @throws {SlipwayError} BUNDLE_MALFORMED
 */
export const parseTarHeader = (block: Uint8Array): TarHeader => {
  if (block.length !== TAR_BLOCK_BYTES) throw malformed('512 bytes', `${block.length}`);
  const sum = checksum(block);
  const claimed = octal(block.subarray(148, 156), 'checksum');
  if (sum !== claimed) throw malformed(`checksum ${sum}`, `${claimed}`);
  const magic = String.fromCharCode(...block.subarray(257, 265));
  if (magic !== 'ustar\u000000') throw malformed('the magic of ustar, version 00', JSON.stringify(magic));
  const type = String.fromCharCode(block[156] ?? 0);
  if (type !== '0') throw malformed('a regular file (type 0)', `type ${JSON.stringify(type)}`);
  if (text(block.subarray(157, 257), 'link name') !== '') throw malformed('no link name', 'one');
  if (text(block.subarray(345, 500), 'prefix') !== '') throw malformed('no prefix of the name', 'one');
  if (!isZeroBlock(block.subarray(500))) throw malformed('zeros to the end of the header', 'other bytes');
  const name = text(block.subarray(0, 100), 'name');
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw malformed('a flat file name', JSON.stringify(name));
  return { name, size: number(block.subarray(124, 136), 'size') };
};

/**
 * Reads the header that stands where the file `name` of the bundle must begin.
 *
 * @returns the size of the file in bytes
 * @throws {SlipwayError} BUNDLE_FILE_UNLISTED where the archive ends early or holds a file the format does not know,
 *   BUNDLE_MALFORMED where the file is out of order, there twice, or the header is not one
 */
export const expectEntry = (block: Uint8Array, name: BundleFileName): number => {
  if (block.length === TAR_BLOCK_BYTES && isZeroBlock(block)) {
    throw new SlipwayError(
      'BUNDLE_FILE_UNLISTED',
      `The bundle ends where ${name} was expected; fetch it again.`,
      {
        details: { expected: name },
      },
    );
  }
  const header = parseTarHeader(block);
  if (header.name === name) return header.size;
  if ((BUNDLE_ORDER as readonly string[]).includes(header.name)) {
    throw malformed(`${name} at this place`, `${header.name}, out of order or for the second time`);
  }
  throw unlisted(header.name);
};

const unlisted = (name: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_FILE_UNLISTED',
    `The bundle holds ${name}, which no manifest lists; do not install it.`,
    {
      details: { found: name },
    },
  );

/**
 * Reads what follows the last file: the end of the archive and not a byte more.
 *
 * @param rest everything after the padding of the last file; the first 1025 bytes suffice
 * @throws {SlipwayError} BUNDLE_FILE_UNLISTED for one more file, BUNDLE_MALFORMED for anything else
 */
export const expectEnd = (rest: Uint8Array): void => {
  const first = rest.subarray(0, TAR_BLOCK_BYTES);
  if (first.length === TAR_BLOCK_BYTES && !isZeroBlock(first)) {
    const { name } = parseTarHeader(first);
    if ((BUNDLE_ORDER as readonly string[]).includes(name))
      throw malformed('the end', `${name} for the second time`);
    throw unlisted(name);
  }
  if (rest.length !== TAR_END_BYTES || !isZeroBlock(rest)) {
    throw malformed('1024 bytes of zero at the end', 'fewer, more or other bytes');
  }
};
