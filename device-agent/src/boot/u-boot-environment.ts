import { crc32 } from './crc32.ts';

/** Variables by name. */
export type Environment = ReadonlyMap<string, string>;

const CRC_BYTES = 4;

export type EnvironmentLayout = {
  /** of a copy, in bytes, with its checksum */
  readonly size: number;
  /** copies of a redundant environment have a byte of flags after the checksum, which counts how often it was saved */
  readonly hasFlags: boolean;
};

/** One copy whose checksum is right. */
export type EnvironmentCopy = { readonly variables: Environment; readonly flags: number };

/**
 * A copy of U-Boot's environment: CRC-32 of the rest (little-endian, as on every board of today), flags if redundant,
 * `name=value` strings that end with a NUL, one more NUL, zeros.
 *
 * @throws {RangeError} where the variables do not fit
 * @see U-Boot, `include/env_internal.h`
 */
export const encodeEnvironment = (
  { variables, flags }: EnvironmentCopy,
  { size, hasFlags }: EnvironmentLayout,
): Uint8Array => {
  const bytes = new Uint8Array(size);
  const start = CRC_BYTES + (hasFlags ? 1 : 0);
  const text = new TextEncoder().encode([...variables].map(([name, value]) => `${name}=${value}\0`).join(''));
  if (start + text.length + 1 > size) {
    throw new RangeError(`the environment needs ${start + text.length + 1} bytes, its place has ${size}`);
  }
  if (hasFlags) bytes[CRC_BYTES] = flags;
  bytes.set(text, start);
  new DataView(bytes.buffer).setUint32(0, crc32(bytes.subarray(start)), true);
  return bytes;
};

/** @returns undefined where the checksum is wrong or bytes are missing */
export const decodeEnvironment = (
  bytes: Uint8Array | undefined,
  { size, hasFlags }: EnvironmentLayout,
): EnvironmentCopy | undefined => {
  if (bytes === undefined || bytes.length < size) return undefined;
  const start = CRC_BYTES + (hasFlags ? 1 : 0);
  const body = bytes.subarray(start, size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== crc32(body)) return undefined;
  const variables = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const end = body.indexOf(0, at);
    const entry = new TextDecoder().decode(body.subarray(at, end === -1 ? body.length : end));
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
    if (end === -1) break;
    at = end + 1;
  }
  return { variables, flags: hasFlags ? (bytes[CRC_BYTES] ?? 0) : 0 };
};

/**
 * Which of two good copies of a redundant environment holds: the one saved last. The counter is one byte, and 0 follows
 * 255.
 *
 * @see U-Boot, `env_check_redund` in `env/common.c`
 */
export const newerCopy = (first: number, second: number): 0 | 1 => {
  if (first === 255 && second === 0) return 1;
  if (second === 255 && first === 0) return 0;
  return second > first ? 1 : 0;
};

export const nextFlags = (flags: number): number => (flags + 1) & 0xff;
