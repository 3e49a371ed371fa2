import { ARCHITECTURES, type Arch } from '@slipway/protocol';

/** A library as programs ask for it, and where it lies. */
export type CachedLibrary = { readonly name: string; readonly path: string };

const MAGIC = 'glibc-ld.so.cache1.1';
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;
const ENDIAN = { little: 2, big: 3 } as const;

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= '0' && character <= '9';

/** The loader's own order, in which numbers count as numbers: it searches by halving, so it must be exactly this. */
export const compareLibraries = (a: string, b: string): number => {
  let [i, j] = [0, 0];
  while (i < a.length) {
    if (isDigit(a[i])) {
      if (!isDigit(b[j])) return 1;
      let [x, y] = [0, 0];
      for (; isDigit(a[i]); i += 1) x = x * 10 + Number(a[i]);
      for (; isDigit(b[j]); j += 1) y = y * 10 + Number(b[j]);
      if (x !== y) return x - y;
    } else if (isDigit(b[j])) return -1;
    else if (a[i] !== b[j]) return (a.charCodeAt(i) || 0) - (b.charCodeAt(j) || 0);
    else {
      i += 1;
      j += 1;
    }
  }
  return j < b.length ? -1 : 0;
};

/**
 * `ld.so.cache` for the dynamic loader of glibc.
 *
 * @param libraries of one name, the first is found
 * @see ld.so(8), ldconfig(8); the format is glibc's `cache_file_new`, version 1.1
 */
export const encodeLdCache = (libraries: readonly CachedLibrary[], arch: Arch): Buffer => {
  const sorted = [...libraries].sort((a, b) => compareLibraries(b.name, a.name));
  const strings = new Map<string, number>();
  const stringsAt = HEADER_BYTES + sorted.length * ENTRY_BYTES;
  let next = stringsAt;
  for (const { path } of sorted)
    if (!strings.has(path)) {
      strings.set(path, next);
      next += Buffer.byteLength(path) + 1;
    }
  const { libraryFlags, elf } = ARCHITECTURES[arch];
  const file = Buffer.alloc(next);
  const put = (value: number, at: number): unknown =>
    elf.endian === 'little' ? file.writeUInt32LE(value, at) : file.writeUInt32BE(value, at);
  file.write(MAGIC, 0, 'latin1');
  put(sorted.length, 20);
  put(next - stringsAt, 24);
  file.writeUInt8(ENDIAN[elf.endian], 28);
  for (const [index, { name, path }] of sorted.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    const value = strings.get(path) ?? 0;
    put(libraryFlags, at);
    // The name is the end of the path.
    put(value + Buffer.byteLength(path) - Buffer.byteLength(name), at + 4);
    put(value, at + 8);
  }
  for (const [path, at] of strings) file.write(path, at);
  return file;
};
