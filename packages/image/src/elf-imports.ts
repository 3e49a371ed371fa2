import { elfSection } from './elf.ts';

/** A function that a program takes from a library, and the version that it asks for. */
export type ElfImport = { readonly name: string; readonly version: string };

const SYMBOL_BYTES = 24;

const textIn = (strings: Buffer, at: number): string =>
  strings.toString('latin1', at, strings.indexOf(0, at));

/** Names of versions by their numbers, of one library. */
const versionsOf = (needs: Buffer, strings: Buffer, library: string): ReadonlyMap<number, string> => {
  const versions = new Map<number, string>();
  for (let at = 0, next = 1; next !== 0; at += next) {
    const count = needs.readUInt16LE(at + 2);
    const file = textIn(strings, needs.readUInt32LE(at + 4));
    let aux = at + needs.readUInt32LE(at + 8);
    for (let index = 0; index < (file === library ? count : 0); index++) {
      versions.set(needs.readUInt16LE(aux + 6) & 0x7fff, textIn(strings, needs.readUInt32LE(aux + 8)));
      aux += needs.readUInt32LE(aux + 12);
    }
    next = needs.readUInt32LE(at + 12);
  }
  return versions;
};

/**
 * What a program takes from a library that gives its functions versions.
 *
 * @returns empty if it takes nothing, or names no versions
 */
export const elfImports = (program: Uint8Array, library: string): ElfImport[] => {
  const section = (name: string) => elfSection(program, name);
  const [symbols, strings, numbers, needs] = ['.dynsym', '.dynstr', '.gnu.version', '.gnu.version_r'].map(
    section,
  );
  if (symbols === undefined || strings === undefined || numbers === undefined || needs === undefined)
    return [];
  const versions = versionsOf(needs, strings, library);
  const imports: ElfImport[] = [];
  for (let index = 0; index * SYMBOL_BYTES < symbols.length; index++) {
    const isDefined = symbols.readUInt16LE(index * SYMBOL_BYTES + 6) !== 0;
    const version = versions.get(numbers.readUInt16LE(index * 2) & 0x7fff);
    if (version !== undefined && !isDefined)
      imports.push({ name: textIn(strings, symbols.readUInt32LE(index * SYMBOL_BYTES)), version });
  }
  return imports;
};
