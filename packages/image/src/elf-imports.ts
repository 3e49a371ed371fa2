import { elfSection } from './elf.ts';

/** A function that a program takes from a library, and the version that it asks for, if it does. */
export type ElfImport = { readonly name: string; readonly version: string | undefined };

const SYMBOL_BYTES = 24;
/** Numbers below this stand for no version. */
const FIRST_VERSION = 2;

const textIn = (strings: Buffer, at: number): string =>
  strings.toString('latin1', at, strings.indexOf(0, at));

type DynamicSymbol = { readonly name: string; readonly version: number; readonly isDefined: boolean };

const dynamicSymbols = (file: Uint8Array): DynamicSymbol[] => {
  const symbols = elfSection(file, '.dynsym');
  const strings = elfSection(file, '.dynstr');
  const versions = elfSection(file, '.gnu.version');
  if (symbols === undefined || strings === undefined) return [];
  return Array.from({ length: Math.floor(symbols.length / SYMBOL_BYTES) }, (_, index) => ({
    name: textIn(strings, symbols.readUInt32LE(index * SYMBOL_BYTES)),
    version: (versions?.readUInt16LE(index * 2) ?? 0) & 0x7fff,
    isDefined: symbols.readUInt16LE(index * SYMBOL_BYTES + 6) !== 0,
  }));
};

/** Names of the versions that a program asks of one library, by their numbers. */
const versionsOf = (program: Uint8Array, library: string): ReadonlyMap<number, string> => {
  const needs = elfSection(program, '.gnu.version_r');
  const strings = elfSection(program, '.dynstr');
  const versions = new Map<number, string>();
  if (needs === undefined || strings === undefined) return versions;
  for (let at = 0, next = 1; next !== 0; at += next) {
    const isLibrary = textIn(strings, needs.readUInt32LE(at + 4)) === library;
    const count = isLibrary ? needs.readUInt16LE(at + 2) : 0;
    let aux = at + needs.readUInt32LE(at + 8);
    for (let index = 0; index < count; index++) {
      versions.set(needs.readUInt16LE(aux + 6) & 0x7fff, textIn(strings, needs.readUInt32LE(aux + 8)));
      aux += needs.readUInt32LE(aux + 12);
    }
    next = needs.readUInt32LE(at + 12);
  }
  return versions;
};

/**
 * What a program takes from a library.
 *
 * @param name of the library, as the program asks for it
 */
export const elfImports = (program: Uint8Array, name: string, library: Uint8Array): ElfImport[] => {
  const versions = versionsOf(program, name);
  const offered = new Set(
    dynamicSymbols(library).flatMap((symbol) => (symbol.isDefined ? [symbol.name] : [])),
  );
  return dynamicSymbols(program).flatMap((symbol): ElfImport[] => {
    const version = versions.get(symbol.version);
    const isOfLibrary = version !== undefined || (symbol.version < FIRST_VERSION && offered.has(symbol.name));
    return symbol.isDefined || !isOfLibrary ? [] : [{ name: symbol.name, version }];
  });
};
