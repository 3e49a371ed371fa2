/** How a file of ELF keeps its numbers: their width, and their order of bytes. */
export type ElfShape = { readonly bits: 32 | 64; readonly endian: 'little' | 'big' };

/** Where a header says what, by the width of addresses. */
const LAYOUTS = {
  32: {
    header: 52,
    segments: { table: 28, entry: 42, count: 44, offset: 4, address: 8, size: 16 },
    sections: { table: 32, entry: 46, count: 48, names: 50, offset: 16, size: 20 },
    dynamic: 8,
    symbol: { bytes: 16, section: 14 },
  },
  64: {
    header: 64,
    segments: { table: 32, entry: 54, count: 56, offset: 8, address: 16, size: 32 },
    sections: { table: 40, entry: 58, count: 60, names: 62, offset: 24, size: 32 },
    dynamic: 16,
    symbol: { bytes: 24, section: 6 },
  },
} as const;
type Layout = (typeof LAYOUTS)[32] | (typeof LAYOUTS)[64];

/** Bytes that tell the shape, and by which a header can be read whatever it is. */
export const ELF_HEADER_BYTES = 64;

/** Reads numbers of an ELF file, or of a piece of it. */
export type ElfReader = {
  readonly shape: ElfShape;
  readonly layout: Layout;
  half(at: number): number;
  word(at: number): number;
  /** of the width of an address */
  long(at: number): number;
};

/** @returns undefined for what is no ELF file */
export const elfShape = (start: Uint8Array): ElfShape | undefined => {
  const isElf = start.length > 5 && String.fromCharCode(...start.subarray(0, 4)) === '\x7fELF';
  const bits = ({ 1: 32, 2: 64 } as const)[start[4] ?? 0];
  const endian = ({ 1: 'little', 2: 'big' } as const)[start[5] ?? 0];
  return !isElf || bits === undefined || endian === undefined ? undefined : { bits, endian };
};

/** @throws {RangeError} by its functions, beyond the end */
export const elfReader = (bytes: Uint8Array, shape: ElfShape): ElfReader => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = shape.endian === 'little';
  const word = (at: number): number => view.getUint32(at, isLittle);
  return {
    shape,
    layout: LAYOUTS[shape.bits],
    half: (at) => view.getUint16(at, isLittle),
    word,
    long: shape.bits === 32 ? word : (at) => Number(view.getBigUint64(at, isLittle)),
  };
};
