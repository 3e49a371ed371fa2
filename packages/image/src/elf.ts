import { ELF_HEADER_BYTES, elfReader, elfShape, type ElfReader } from '@slipway/components';

/** The little of ELF that image building needs: sections of kernel modules and the libraries a program loads. */

const SHT_STRTAB = 3;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_LOAD = 1;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const text = (bytes: Buffer, at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));

/** @returns undefined if it is no ELF file */
export const openElf = (bytes: Uint8Array): ElfReader | undefined => {
  const shape = bytes.length > ELF_HEADER_BYTES ? elfShape(bytes) : undefined;
  return shape === undefined ? undefined : elfReader(bytes, shape);
};

/** @returns the bytes of a section, or undefined if this is no ELF file or has no such section */
export const elfSection = (bytes: Uint8Array, name: string): Buffer | undefined => {
  const elf = openElf(bytes);
  if (elf === undefined) return undefined;
  const { sections } = elf.layout;
  const table = elf.long(sections.table);
  const size = elf.half(sections.entry);
  const count = elf.half(sections.count);
  const header = (index: number) => table + index * size;
  const names = header(elf.half(sections.names));
  if (elf.word(names + 4) !== SHT_STRTAB) return undefined;
  const namesAt = elf.long(names + sections.offset);
  for (let index = 0; index < count; index++) {
    const section = header(index);
    if (text(view(bytes), namesAt + elf.word(section)) !== name) continue;
    const at = elf.long(section + sections.offset);
    return view(bytes).subarray(at, at + elf.long(section + sections.size));
  }
  return undefined;
};

/** @returns what the loader needs to start a program: its interpreter's path and the names of its libraries */
export const elfNeeds = (bytes: Uint8Array): { interpreter?: string; libraries: string[] } => {
  const elf = openElf(bytes);
  if (elf === undefined) return { libraries: [] };
  const { segments: at, dynamic: pair } = elf.layout;
  const segments = Array.from({ length: elf.half(at.count) }, (_, index) => {
    const start = elf.long(at.table) + index * elf.half(at.entry);
    return {
      type: elf.word(start),
      offset: elf.long(start + at.offset),
      address: elf.long(start + at.address),
      size: elf.long(start + at.size),
    };
  });
  const fileOffset = (address: number) => {
    const load = segments.find(
      (segment) =>
        segment.type === PT_LOAD && address >= segment.address && address < segment.address + segment.size,
    );
    return load === undefined ? undefined : address - load.address + load.offset;
  };
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries: { tag: number; value: number }[] = [];
  if (dynamic !== undefined)
    for (let entry = dynamic.offset; entry < dynamic.offset + dynamic.size; entry += pair)
      entries.push({ tag: elf.long(entry), value: elf.long(entry + pair / 2) });
  const strings = fileOffset(entries.find(({ tag }) => tag === DT_STRTAB)?.value ?? -1);
  return {
    ...(interpreter === undefined ? {} : { interpreter: text(view(bytes), interpreter.offset) }),
    libraries:
      strings === undefined
        ? []
        : entries
            .filter(({ tag }) => tag === DT_NEEDED)
            .map(({ value }) => text(view(bytes), strings + value)),
  };
};
