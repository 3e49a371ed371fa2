import { ARCHITECTURES, type Arch, SlipwayError } from '@slipway/protocol';
import type { ElfImport } from './elf-imports.ts';

/** What a function returns: what is wrong, or nothing. */
type Result = 'number' | 'pointer';

/** `return -EOPNOTSUPP;` and `return NULL;`, each with the mark that a processor wants at the target of an indirect call. */
const CODE: Partial<Readonly<Record<Arch, Readonly<Record<Result, string>> & { readonly flags?: number }>>> =
  {
    amd64: { number: 'f30f1efab8a1ffffffc3', pointer: 'f30f1efa31c0c3' },
    arm64: { number: '5f2403d5c00b8012c0035fd6', pointer: '5f2403d5000080d2c0035fd6' },
    // Its loader wants to be told the ABI: compressed instructions, numbers in registers of double width.
    riscv64: { number: '130510fa67800000', pointer: '1305000067800000', flags: 5 },
  };

/** Whether there are stand-ins for an architecture; images of the others have the real libraries. */
export const hasStandIns = (arch: Arch): boolean => CODE[arch] !== undefined;

/** The largest page that a kernel of these processors uses. */
const PAGE = 0x10000;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SEGMENTS = 4;

/** The hash of System V's ABI, by which versions are compared. */
const hashOf = (name: string): number => {
  let hash = 0;
  for (const byte of Buffer.from(name)) {
    hash = (hash * 16 + byte) >>> 0;
    const high = (hash & 0xf0000000) >>> 0;
    hash = (hash ^ (high >>> 24) ^ high) >>> 0;
  }
  return hash;
};

const words = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
};
const longs = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), index * 8));
  return bytes;
};
const shorts = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16LE(value, index * 2));
  return bytes;
};

/** Text, each piece once, and where it is. */
const stringTable = () => {
  let text = '\0';
  const at = (name: string): number => {
    const known = text.indexOf(`\0${name}\0`);
    if (known >= 0) return known + 1;
    const position = text.length;
    text += `${name}\0`;
    return position;
  };
  return { at, bytes: () => Buffer.from(text, 'latin1') };
};

/**
 * A shared library (ELF) whose functions all refuse: for a program that is linked with one for what it is never asked
 * to do here. Each function has the version that the program asks for, so that the loader is content.
 *
 * @param name as the program knows it, such as `libsystemd.so.0`
 * @param resultOf what a function returns, by its name
 */
export const standInLibrary = (
  arch: Arch,
  name: string,
  imports: readonly ElfImport[],
  resultOf: (name: string) => Result = () => 'number',
): Buffer => {
  const own = CODE[arch];
  if (own === undefined) throw new SlipwayError('INTERNAL', `no stand-ins for ${arch}`);
  const strings = stringTable();
  const versions = [name, ...new Set(imports.flatMap(({ version }) => version ?? []))];
  const definitions = versions.map((version, index) =>
    Buffer.concat([
      // Format 1; the first names the library itself.
      shorts([1, index === 0 ? 1 : 0, index + 1, 1]),
      words([hashOf(version), 20, index === versions.length - 1 ? 0 : 28, strings.at(version), 0]),
    ]),
  );
  // 1: of no version.
  const numbers = shorts([
    0,
    ...imports.map(({ version }) => (version === undefined ? 1 : versions.indexOf(version) + 1)),
  ]);
  // One bucket: the loader walks all of them, which are few.
  const count = imports.length + 1;
  const hash = words([1, count, count > 1 ? 1 : 0, 0, ...imports.map((_, index) => (index + 2) % count)]);
  const functions = imports.map((one) => ({ at: strings.at(one.name), result: resultOf(one.name) }));
  const soname = strings.at(name);

  const parts: Buffer[] = [];
  let end = HEADER_BYTES + SEGMENTS * SEGMENT_BYTES;
  const place = (bytes: Buffer, alignment = 8): number => {
    const at = Math.ceil(end / alignment) * alignment;
    parts.push(Buffer.alloc(at - end), bytes);
    end = at + bytes.length;
    return at;
  };
  const code = (result: Result) => {
    const bytes = Buffer.from(own[result], 'hex');
    return { at: place(bytes, 16), length: bytes.length };
  };
  const codes = { number: code('number'), pointer: code('pointer') };
  const symbol = ({ at, result }: (typeof functions)[number]): Buffer => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32LE(at, 0);
    // A global function of some section.
    bytes.writeUInt8(0x12, 4);
    bytes.writeUInt16LE(1, 6);
    bytes.writeBigUInt64LE(BigInt(codes[result].at), 8);
    bytes.writeBigUInt64LE(BigInt(codes[result].length), 16);
    return bytes;
  };
  const symbols = place(Buffer.concat([Buffer.alloc(24), ...functions.map(symbol)]));
  const text = strings.bytes();
  const table = place(text);
  const addresses = {
    hash: place(hash),
    numbers: place(numbers),
    definitions: place(Buffer.concat(definitions)),
  };
  const readable = end;
  const dynamic = longs(
    [
      [14, soname],
      [4, addresses.hash],
      [5, table],
      [6, symbols],
      [10, text.length],
      [11, 24],
      [0x6ffffff0, addresses.numbers],
      [0x6ffffffc, addresses.definitions],
      [0x6ffffffd, versions.length],
      [0, 0],
    ].flat(),
  );
  const dynamicAt = place(dynamic);

  const segment = (type: number, flags: number, at: number, address: number, size: number, align: number) =>
    Buffer.concat([words([type, flags]), longs([at, address, address, size, size, align])]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  shorts([3, ARCHITECTURES[arch].elf.machine]).copy(header, 16);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(own.flags ?? 0, 48);
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  shorts([HEADER_BYTES, SEGMENT_BYTES, SEGMENTS]).copy(header, 52);
  return Buffer.concat([
    header,
    segment(1, 5, 0, 0, readable, PAGE),
    // The loader writes into it.
    segment(1, 6, dynamicAt, PAGE + dynamicAt, dynamic.length, PAGE),
    segment(2, 6, dynamicAt, PAGE + dynamicAt, dynamic.length, 8),
    segment(0x6474e551, 6, 0, 0, 0, 16),
    ...parts,
  ]);
};
