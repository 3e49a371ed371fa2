/** A file with the headers of a program and, in its data, what Go's linker leaves there; nothing that could run. */
export type GoElf = {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly goVersion: string;
  readonly moduleInfo: string;
  /** no headers of sections */
  readonly stripped?: boolean;
  /** a table of functions, but no list of modules */
  readonly removed?: boolean;
  /** before Go 1.18: pointers to texts */
  readonly pointers?: boolean;
  readonly size?: number;
};

const DATA_AT = 0x400;
const ADDRESS = 0x20000;
const NAMES = '\0.shstrtab\0.go.buildinfo\0.gopclntab\0';

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];

/** The wrapping of 16 bytes that runtime/debug finds the list by. */
const wrap = (moduleInfo: string): Uint8Array => {
  const edge = (start: number): number[] =>
    Array.from({ length: 16 }, (_, index) => (start + index * 13) & 0x7f);
  return Uint8Array.from([...edge(0x30), ...new TextEncoder().encode(moduleInfo), ...edge(0x79)]);
};

export const makeGoElf = ({
  bits,
  littleEndian,
  goVersion,
  moduleInfo,
  stripped = false,
  removed = false,
  pointers = false,
  size = 64 * 1024,
}: GoElf): Uint8Array => {
  const wide = bits === 64;
  const bytes = new Uint8Array(size);
  const data = new DataView(bytes.buffer);
  const half = (at: number, value: number): void => data.setUint16(at, value, littleEndian);
  const int = (at: number, value: number): void => data.setUint32(at, value, littleEndian);
  const word = (at: number, value: number): void =>
    wide ? data.setBigUint64(at, BigInt(value), littleEndian) : int(at, value);
  const put = (at: number, content: Uint8Array): number => {
    bytes.set(content, at);
    return at + content.length;
  };
  const version = new TextEncoder().encode(goVersion);
  const modules = moduleInfo === '' ? new Uint8Array() : wrap(moduleInfo);

  put(0, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1));
  const [headerSize, programSize, sectionSize] = wide ? [64, 56, 64] : [52, 32, 40];
  word(wide ? 32 : 28, headerSize);
  const halves = wide ? 52 : 40;
  half(halves, headerSize);
  half(halves + 2, programSize);
  half(halves + 4, 2);

  // First the code, which is not searched, then the data.
  for (const [index, flags] of [5, 6].entries()) {
    const at = headerSize + index * programSize;
    int(at, 1);
    int(at + (wide ? 4 : 24), flags);
    word(at + (wide ? 8 : 4), index * DATA_AT);
    word(at + (wide ? 16 : 8), ADDRESS + index * DATA_AT);
    word(at + (wide ? 32 : 16), index === 0 ? DATA_AT : size - DATA_AT);
  }

  const blob = DATA_AT + 0x40;
  put(blob, Uint8Array.of(0xff, ...new TextEncoder().encode(' Go buildinf:')));
  data.setUint8(blob + 14, wide ? 8 : 4);
  let end: number;
  if (pointers) {
    data.setUint8(blob + 15, littleEndian ? 0 : 1);
    const pointer = wide ? 8 : 4;
    const address = (offset: number): number => ADDRESS + offset;
    const [versionHeader, modulesHeader, texts] = [blob + 0x40, blob + 0x60, blob + 0x80];
    word(blob + 16, address(versionHeader));
    word(blob + 16 + pointer, modules.length === 0 ? 0 : address(modulesHeader));
    word(versionHeader, address(texts));
    word(versionHeader + pointer, version.length);
    const next = put(texts, version);
    word(modulesHeader, address(next));
    word(modulesHeader + pointer, modules.length);
    end = put(next, modules);
  } else {
    data.setUint8(blob + 15, 2);
    const next = put(put(blob + 32, Uint8Array.from(varint(version.length))), version);
    end = put(put(next, Uint8Array.from(varint(modules.length))), modules);
  }

  if (stripped) return bytes;
  const namesAt = end + 16;
  put(namesAt, new TextEncoder().encode(NAMES));
  const sectionsAt = Math.ceil((namesAt + NAMES.length) / 16) * 16;
  word(wide ? 40 : 32, sectionsAt);
  half(halves + 6, sectionSize);
  half(halves + 8, 3);
  half(halves + 10, 1);
  const section = (index: number, name: number, offset: number, length: number): void => {
    const at = sectionsAt + index * sectionSize;
    int(at, name);
    word(at + (wide ? 24 : 16), offset);
    word(at + (wide ? 32 : 20), length);
  };
  section(1, 1, namesAt, NAMES.length);
  section(2, removed ? 25 : 11, blob, end - blob);
  return bytes;
};
