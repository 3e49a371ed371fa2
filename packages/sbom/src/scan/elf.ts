import type { ScannedFile } from '../found-package.ts';

/** A file read in parts; short where it ends. */
export type Reader = { readonly size: number; read(offset: number, length: number): Uint8Array };

export const readerOf = (file: ScannedFile): Reader => {
  if (file.readRange !== undefined)
    return {
      size: file.size,
      read: (offset, length) => file.readRange?.(offset, length) ?? new Uint8Array(),
    };
  let whole: Uint8Array | undefined;
  return {
    size: file.size,
    read: (offset, length) => (whole ??= file.read()).subarray(offset, offset + length),
  };
};

/** A part of the file and where it lies in memory; numbers are those of the file and not trusted. */
export type Segment = {
  readonly writable: boolean;
  readonly offset: number;
  readonly fileSize: number;
  readonly address: number;
};

export type Elf = {
  readonly littleEndian: boolean;
  readonly segments: readonly Segment[];
  /** undefined where the headers of sections are stripped */
  readonly sections:
    readonly { readonly name: string; readonly offset: number; readonly size: number }[] | undefined;
};

const MAX_HEADERS_BYTES = 256 * 1024;
const MAX_NAMES_BYTES = 256 * 1024;
const PT_LOAD = 1;
const PF_W = 2;

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Numbers above 2^53 cannot be offsets of a file that exists; they come out as too large, not as wrong. */
const makeFields = (bytes: Uint8Array, wide: boolean, little: boolean) => {
  const data = view(bytes);
  const word = (at: number): number =>
    wide ? Number(data.getBigUint64(at, little)) : data.getUint32(at, little);
  return {
    half: (at: number) => data.getUint16(at, little),
    int: (at: number) => data.getUint32(at, little),
    word,
  };
};

const table = (
  reader: Reader,
  offset: number,
  entrySize: number,
  count: number,
  least: number,
): Uint8Array[] => {
  const length = entrySize * count;
  if (entrySize < least || length > MAX_HEADERS_BYTES || offset + length > reader.size) return [];
  const bytes = reader.read(offset, length);
  if (bytes.length < length) return [];
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * entrySize, (index + 1) * entrySize),
  );
};

/**
 * The headers of a program or library, 32 or 64 bits, either byte order.
 *
 * @returns nothing where it is no ELF file; fewer segments and sections than it has where its headers are malformed
 */
export const parseElf = (reader: Reader): Elf | undefined => {
  const ident = reader.size < 52 ? new Uint8Array() : reader.read(0, 64);
  if (ident.length < 52 || ident[0] !== 0x7f || ident[1] !== 0x45 || ident[2] !== 0x4c || ident[3] !== 0x46)
    return undefined;
  const wide = ident[4] === 2;
  const littleEndian = ident[5] === 1;
  if ((!wide && ident[4] !== 1) || (!littleEndian && ident[5] !== 2) || (wide && ident.length < 64))
    return undefined;
  const header = makeFields(ident, wide, littleEndian);
  // Behind the three addresses and the flags come six halves; the first is the size of the header itself.
  const halves = wide ? 52 : 40;
  const [programSize, programCount, sectionSize, sectionCount, namesIndex] = [2, 4, 6, 8, 10].map((at) =>
    header.half(halves + at),
  );
  const segments = table(
    reader,
    header.word(wide ? 32 : 28),
    programSize ?? 0,
    programCount ?? 0,
    wide ? 56 : 32,
  )
    .map((bytes) => makeFields(bytes, wide, littleEndian))
    .filter((fields) => fields.int(0) === PT_LOAD)
    .map((fields) => ({
      writable: (fields.int(wide ? 4 : 24) & PF_W) !== 0,
      offset: fields.word(wide ? 8 : 4),
      address: fields.word(wide ? 16 : 8),
      fileSize: fields.word(wide ? 32 : 16),
    }));
  const sectionsAt = header.word(wide ? 40 : 32);
  const raw = table(reader, sectionsAt, sectionSize ?? 0, sectionCount ?? 0, wide ? 64 : 40).map((bytes) => {
    const fields = makeFields(bytes, wide, littleEndian);
    return { name: fields.int(0), offset: fields.word(wide ? 24 : 16), size: fields.word(wide ? 32 : 20) };
  });
  const namesSection = raw[namesIndex ?? 0];
  if (namesSection === undefined || namesSection.size > MAX_NAMES_BYTES)
    return { littleEndian, segments, sections: undefined };
  const names = reader.read(namesSection.offset, namesSection.size);
  const nameAt = (at: number): string => {
    const end = names.indexOf(0, at);
    return end === -1 || end - at > 64 ? '' : String.fromCharCode(...names.subarray(at, end));
  };
  return {
    littleEndian,
    segments,
    sections: raw.map(({ name, offset, size }) => ({ name: nameAt(name), offset, size })),
  };
};
