/** The little of ELF that image building needs: sections of kernel modules and the libraries a program loads. */

const SHT_STRTAB = 3;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_LOAD = 1;

const isElf64 = (bytes: Uint8Array): boolean =>
  bytes.length > 64 &&
  bytes[0] === 0x7f &&
  bytes[1] === 0x45 &&
  bytes[2] === 0x4c &&
  bytes[4] === 2 &&
  bytes[5] === 1;

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const text = (bytes: Buffer, at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));
const number = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at));

/** @returns the bytes of a section, or undefined if this is no little-endian ELF64 file or has no such section */
export const elfSection = (bytes: Uint8Array, name: string): Buffer | undefined => {
  if (!isElf64(bytes)) return undefined;
  const elf = view(bytes);
  const table = number(elf, 0x28);
  const size = elf.readUInt16LE(0x3a);
  const count = elf.readUInt16LE(0x3c);
  const header = (index: number) => elf.subarray(table + index * size, table + (index + 1) * size);
  const names = header(elf.readUInt16LE(0x3e));
  if (names.readUInt32LE(4) !== SHT_STRTAB) return undefined;
  const namesAt = number(names, 0x18);
  for (let index = 0; index < count; index++) {
    const section = header(index);
    if (text(elf, namesAt + section.readUInt32LE(0)) !== name) continue;
    const at = number(section, 0x18);
    return elf.subarray(at, at + number(section, 0x20));
  }
  return undefined;
};

/** @returns what the loader needs to start a program: its interpreter's path and the names of its libraries */
export const elfNeeds = (bytes: Uint8Array): { interpreter?: string; libraries: string[] } => {
  if (!isElf64(bytes)) return { libraries: [] };
  const elf = view(bytes);
  const size = elf.readUInt16LE(0x36);
  const segments = Array.from({ length: elf.readUInt16LE(0x38) }, (_, index) => {
    const at = number(elf, 0x20) + index * size;
    return {
      type: elf.readUInt32LE(at),
      offset: number(elf, at + 8),
      address: number(elf, at + 0x10),
      size: number(elf, at + 0x20),
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
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16)
      entries.push({ tag: number(elf, at), value: number(elf, at + 8) });
  const DT_NEEDED = 1;
  const DT_STRTAB = 5;
  const strings = fileOffset(entries.find(({ tag }) => tag === DT_STRTAB)?.value ?? -1);
  return {
    ...(interpreter === undefined ? {} : { interpreter: text(elf, interpreter.offset) }),
    libraries:
      strings === undefined
        ? []
        : entries.filter(({ tag }) => tag === DT_NEEDED).map(({ value }) => text(elf, strings + value)),
  };
};
