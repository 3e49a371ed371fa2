import { ARCHITECTURES, type Arch } from '@slipway/protocol';
import { contentSize, readRange, type Content } from '../../content.ts';
import { ELF_HEADER_BYTES, elfReader, elfShape, type ElfReader, type ElfShape } from '../../elf-reader.ts';

const SHARED_OBJECT = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const MAX_DYNAMIC_BYTES = 64 * 1024;

type Segment = {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
};

const segmentsOf = (content: Content, header: ElfReader): Segment[] => {
  const at = header.layout.segments;
  const bytes = header.half(at.entry);
  const table = readRange(content, header.long(at.table), header.half(at.count) * bytes);
  const elf = elfReader(table, header.shape);
  return Array.from({ length: Math.floor(table.length / bytes) }, (_, index) => ({
    type: elf.word(index * bytes),
    offset: elf.long(index * bytes + at.offset),
    address: elf.long(index * bytes + at.address),
    size: elf.long(index * bytes + at.size),
  }));
};

const textAt = (content: Content, offset: number): string => {
  const bytes = readRange(content, offset, 512);
  const end = bytes.indexOf(0);
  return new TextDecoder('latin1').decode(bytes.subarray(0, end < 0 ? bytes.length : end));
};

const isShape = (shape: ElfShape | undefined, { bits, endian }: ElfShape): shape is ElfShape =>
  shape?.bits === bits && shape.endian === endian;

/**
 * The name under which programs ask for a library.
 *
 * @returns `undefined` if it is no shared library of that architecture, `''` if it gives itself no name
 * @see elf(5)
 */
export const sonameOf = (content: Content, arch: Arch): string | undefined => {
  if (contentSize(content) < ELF_HEADER_BYTES) return undefined;
  const start = readRange(content, 0, ELF_HEADER_BYTES);
  const shape = elfShape(start);
  const wanted = ARCHITECTURES[arch].elf;
  if (!isShape(shape, wanted)) return undefined;
  const header = elfReader(start, shape);
  if (header.half(16) !== SHARED_OBJECT || header.half(18) !== wanted.machine) return undefined;
  const segments = segmentsOf(content, header);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return undefined;
  const pairs = readRange(content, dynamic.offset, Math.min(dynamic.size, MAX_DYNAMIC_BYTES));
  const elf = elfReader(pairs, shape);
  const pair = header.layout.dynamic;
  let table: number | undefined;
  let name: number | undefined;
  for (let at = 0; at + pair <= pairs.length; at += pair) {
    const tag = elf.long(at);
    if (tag === 0) break;
    if (tag === DT_STRTAB) table = elf.long(at + pair / 2);
    if (tag === DT_SONAME) name = elf.long(at + pair / 2);
  }
  if (name === undefined || table === undefined) return '';
  const strings = table;
  const segment = segments.find(
    ({ type, address, size }) => type === PT_LOAD && address <= strings && strings < address + size,
  );
  return segment === undefined ? '' : textAt(content, segment.offset + strings - segment.address + name);
};
