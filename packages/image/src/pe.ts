import { contentSize, type Piece } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';

export type PeSection = { readonly name: string; readonly content: Piece | readonly Piece[] };

/** Offsets of the formats PE32 and PE32+, after `PE\0\0` unless the table says otherwise; of these they are the same. */
const PE_OFFSET = 0x3c;
const COFF_MACHINE = 4;
const COFF_SECTIONS = 6;
const COFF_OPTIONAL_SIZE = 20;
const OPTIONAL = 24;
const OPT_INITIALIZED = OPTIONAL + 8;
const OPT_SECTION_ALIGNMENT = OPTIONAL + 32;
const OPT_FILE_ALIGNMENT = OPTIONAL + 36;
const OPT_IMAGE_SIZE = OPTIONAL + 56;
const OPT_HEADERS_SIZE = OPTIONAL + 60;
const OPT_CHECKSUM = OPTIONAL + 64;
const SECTION_BYTES = 40;
/** PE32, of processors of 32 bits, and PE32+. */
const MAGICS = [0x10b, 0x20b];
/** IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ */
const READ_ONLY_DATA = 0x4000_0040;

const align = (value: number, to: number) => Math.ceil(value / to) * to;

const invalid = (why: string) =>
  new SlipwayError('COMPONENT_INVALID', `expected a PE image, found one that ${why}`);

/**
 * The processor that a PE image is for, as its header says it.
 *
 * @throws {SlipwayError} COMPONENT_INVALID if it is no PE image
 */
export const peMachine = (start: Uint8Array): number => {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (bytes.length < 0x40 || bytes.toString('latin1', 0, 2) !== 'MZ') throw invalid('does not start with MZ');
  const header = bytes.readUInt32LE(PE_OFFSET);
  if (header + OPTIONAL > bytes.length || bytes.toString('latin1', header, header + 4) !== 'PE\0\0')
    throw invalid('has no PE signature');
  return bytes.readUInt16LE(header + COFF_MACHINE);
};

/** Reads the section table of a PE image. */
export const peSections = (
  pe: Uint8Array,
): { name: string; address: number; size: number; offset: number }[] => {
  const bytes = Buffer.from(pe.buffer, pe.byteOffset, pe.byteLength);
  const header = bytes.readUInt32LE(PE_OFFSET);
  const table = header + OPTIONAL + bytes.readUInt16LE(header + COFF_OPTIONAL_SIZE);
  return Array.from({ length: bytes.readUInt16LE(header + COFF_SECTIONS) }, (_, index) => {
    const at = table + index * SECTION_BYTES;
    return {
      name: bytes.toString('latin1', at, at + 8).replace(/\0+$/, ''),
      size: bytes.readUInt32LE(at + 8),
      address: bytes.readUInt32LE(at + 12),
      offset: bytes.readUInt32LE(at + 20),
    };
  });
};

const piecesOf = ({ content }: PeSection): readonly Piece[] => (isPiece(content) ? [content] : content);
const isPiece = (content: PeSection['content']): content is Piece => !Array.isArray(content);

/**
 * A PE image with read-only data sections more, in the order given, as `ukify` makes it: in pieces, so that sections may
 * be larger than memory.
 *
 * @param stub systemd's EFI stub, whose headers have room for more sections
 * @throws {SlipwayError} COMPONENT_INVALID if it is no PE image or its headers are full
 * @see the Microsoft PE format, "COFF File Header", "Optional Header" and "Section Table"
 */
export const peWithSections = (stub: Uint8Array, sections: readonly PeSection[]): Piece[] => {
  const source = Buffer.from(stub);
  if (source.length < 0x40 || source.toString('latin1', 0, 2) !== 'MZ')
    throw invalid('does not start with MZ');
  const header = source.readUInt32LE(PE_OFFSET);
  if (source.toString('latin1', header, header + 4) !== 'PE\0\0') throw invalid('has no PE signature');
  if (!MAGICS.includes(source.readUInt16LE(header + OPTIONAL))) throw invalid('is neither PE32 nor PE32+');

  const sectionAlignment = source.readUInt32LE(header + OPT_SECTION_ALIGNMENT);
  const fileAlignment = source.readUInt32LE(header + OPT_FILE_ALIGNMENT);
  const before = source.readUInt16LE(header + COFF_SECTIONS);
  const table = header + OPTIONAL + source.readUInt16LE(header + COFF_OPTIONAL_SIZE);
  const tableEnd = table + (before + sections.length) * SECTION_BYTES;
  if (tableEnd > source.readUInt32LE(header + OPT_HEADERS_SIZE))
    throw invalid(`has no room for ${sections.length} more section headers`);

  let address = align(source.readUInt32LE(header + OPT_IMAGE_SIZE), sectionAlignment);
  let offset = align(source.length, fileAlignment);
  const parts: Piece[] = [source, Buffer.alloc(offset - source.length)];
  let added = 0;
  for (const [index, section] of sections.entries()) {
    const { name } = section;
    const pieces = piecesOf(section);
    const size = pieces.reduce((sum, piece) => sum + contentSize(piece), 0);
    const raw = align(size, fileAlignment);
    const at = table + (before + index) * SECTION_BYTES;
    source.fill(0, at, at + SECTION_BYTES);
    source.write(name, at, 8, 'latin1');
    source.writeUInt32LE(size, at + 8);
    source.writeUInt32LE(address, at + 12);
    source.writeUInt32LE(raw, at + 16);
    source.writeUInt32LE(offset, at + 20);
    source.writeUInt32LE(READ_ONLY_DATA, at + 36);
    parts.push(...pieces, Buffer.alloc(raw - size));
    address = align(address + size, sectionAlignment);
    offset += raw;
    added += raw;
  }
  source.writeUInt16LE(before + sections.length, header + COFF_SECTIONS);
  source.writeUInt32LE(source.readUInt32LE(header + OPT_INITIALIZED) + added, header + OPT_INITIALIZED);
  source.writeUInt32LE(address, header + OPT_IMAGE_SIZE);
  // The firmware does not check it; a signature is not over it.
  source.writeUInt32LE(0, header + OPT_CHECKSUM);
  return parts;
};
