import { parseElf, type Elf, type Reader } from './elf.ts';

/**
 * What Go's linker leaves in a program: `\xff Go buildinf:`, the size of a pointer, flags, and the version of Go and
 * the list of modules. Since Go 1.18 both texts follow the header of 32 bytes, each behind its length as a varint;
 * before, the header holds two pointers to string headers.
 *
 * @see package debug/buildinfo of Go's standard library
 */
export type GoBuildInfo = { readonly goVersion: string; readonly moduleInfo: string };

const MAGIC = Uint8Array.from([0xff, ...new TextEncoder().encode(' Go buildinf:')]);
const HEADER_BYTES = 32;
const BIG_ENDIAN = 1;
const INLINE = 2;
/** The header is aligned to this. */
const ALIGNMENT = 16;
/** Where section headers are stripped: as much of the data is searched as Go itself searches. */
const SEARCHED_BYTES = 1024 * 1024;
const MAX_VERSION_BYTES = 1024;
/** Kubernetes, with hundreds of modules, needs a hundredth. */
const MAX_MODULES_BYTES = 4 * 1024 * 1024;

const hasMagic = (bytes: Uint8Array, at: number): boolean =>
  MAGIC.every((byte, index) => bytes[at + index] === byte);

const search = (reader: Reader, elf: Elf): number | undefined => {
  const segment = elf.segments.find(({ writable }) => writable);
  if (segment === undefined) return undefined;
  const bytes = reader.read(segment.offset, Math.min(segment.fileSize, SEARCHED_BYTES));
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += ALIGNMENT)
    if (bytes[at] === MAGIC[0] && hasMagic(bytes, at)) return segment.offset + at;
  return undefined;
};

const find = (reader: Reader, elf: Elf): number | undefined => {
  if (elf.sections === undefined) return search(reader, elf);
  const section = elf.sections.find(({ name }) => name === '.go.buildinfo');
  if (section === undefined) return undefined;
  return hasMagic(reader.read(section.offset, MAGIC.length), 0) ? section.offset : undefined;
};

class Malformed extends Error {}

const text = (reader: Reader, offset: number, length: number, max: number): string => {
  if (length > max) throw new Malformed(`expected a text of at most ${max} bytes, found ${length}`);
  const bytes = reader.read(offset, length);
  if (bytes.length < length) throw new Malformed(`expected a text of ${length} bytes, found ${bytes.length}`);
  return new TextDecoder().decode(bytes);
};

/** @returns the text and where it ends */
const inlineText = (reader: Reader, offset: number, max: number): readonly [string, number] => {
  const bytes = reader.read(offset, 5);
  let length = 0;
  for (const [index, byte] of bytes.entries()) {
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      const start = offset + index + 1;
      return [text(reader, start, length, max), start + length];
    }
  }
  throw new Malformed('expected the length of a text, found no end of it');
};

/** Before Go 1.18: a pointer to a pointer and a length. */
const pointedText = (reader: Reader, elf: Elf, header: Uint8Array, index: number, max: number): string => {
  const size = header[14] === 4 ? 4 : 8;
  const little = (header[15] ?? 0) !== BIG_ENDIAN;
  const word = (bytes: Uint8Array, at: number): number => {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (at + size > bytes.length) throw new Malformed('expected a pointer, found the end of the file');
    return size === 4 ? data.getUint32(at, little) : Number(data.getBigUint64(at, little));
  };
  const offsetOf = (address: number): number => {
    const segment = elf.segments.find(
      (one) => address >= one.address && address - one.address < one.fileSize,
    );
    if (segment === undefined) throw new Malformed(`expected an address in the file, found ${address}`);
    return segment.offset + address - segment.address;
  };
  const address = word(header, 16 + index * size);
  // A program that was built without modules has no list of them.
  if (address === 0) return '';
  const entry = reader.read(offsetOf(address), 2 * size);
  const length = word(entry, size);
  return length === 0 ? '' : text(reader, offsetOf(word(entry, 0)), length, max);
};

/**
 * @returns nothing where it is no program of Go; what is wrong where it is one whose information is malformed
 */
export const readGoBuildInfo = (reader: Reader): GoBuildInfo | string | undefined => {
  const elf = parseElf(reader);
  if (elf === undefined) return undefined;
  const at = find(reader, elf);
  if (at === undefined) {
    // Its table of functions gives a program of Go away whose makers removed the rest.
    const isGo = elf.sections?.some(({ name }) => name === '.gopclntab') ?? false;
    return isGo ? 'it was removed' : undefined;
  }
  try {
    const header = reader.read(at, HEADER_BYTES);
    if (header.length < HEADER_BYTES)
      throw new Malformed('expected a header of 32 bytes, found the end of the file');
    if (((header[15] ?? 0) & INLINE) === 0) {
      return {
        goVersion: pointedText(reader, elf, header, 0, MAX_VERSION_BYTES),
        moduleInfo: pointedText(reader, elf, header, 1, MAX_MODULES_BYTES),
      };
    }
    const [goVersion, next] = inlineText(reader, at + HEADER_BYTES, MAX_VERSION_BYTES);
    const [moduleInfo] = inlineText(reader, next, MAX_MODULES_BYTES);
    return { goVersion, moduleInfo };
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
};
