import { open } from 'node:fs/promises';
import { readFully } from '@slipway/bundle';
import { Arch, ARCHITECTURES, SlipwayError } from '@slipway/protocol';

/** What a unified kernel image says of itself, of all that the signer needs to know. */
export type UkiFacts = { readonly arch: Arch; readonly commandLine: string };

const HEADER_BYTES = 64 * 1024;
const MAX_COMMAND_LINE_BYTES = 16 * 1024;
const SECTION_BYTES = 40;

const refuse = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SIGN_POLICY_REFUSED',
    `uki.efi: ${why}. Build again; treat the builder as compromised if it recurs.`,
    {
      cause,
    },
  );

type Section = { readonly name: string; readonly size: number; readonly offset: number };

const readHeader = (header: Buffer): { arch: Arch; sections: Section[] } => {
  if (header.toString('latin1', 0, 2) !== 'MZ') throw refuse('expected a PE image');
  const at = header.readUInt32LE(0x3c);
  if (header.toString('latin1', at, at + 4) !== 'PE\0\0') throw refuse('expected a PE image');
  const machine = header.readUInt16LE(at + 4);
  const arch = Arch.options.find((name) => ARCHITECTURES[name].efi?.machine === machine);
  if (arch === undefined) throw refuse(`machine 0x${machine.toString(16)} is none that Slipway builds for`);
  const table = at + 24 + header.readUInt16LE(at + 20);
  const sections = Array.from({ length: header.readUInt16LE(at + 6) }, (_, index) => {
    const entry = table + index * SECTION_BYTES;
    return {
      name: header.toString('latin1', entry, entry + 8).replace(/\0+$/, ''),
      size: header.readUInt32LE(entry + 8),
      offset: header.readUInt32LE(entry + 20),
    };
  });
  return { arch, sections };
};

/**
 * @throws {SlipwayError} SIGN_POLICY_REFUSED where it is no PE image for a known machine with one `.cmdline` section
 * @see the Microsoft PE format; systemd-stub(7), "UKI sections"
 */
export const readUki = async (path: string): Promise<UkiFacts> => {
  await using file = await open(path);
  const bytes = await readFully(file, 0, HEADER_BYTES);
  let header: ReturnType<typeof readHeader>;
  try {
    header = readHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw error instanceof SlipwayError ? error : refuse('its headers lie outside the file', error);
  }
  const [section, second] = header.sections.filter(({ name }) => name === '.cmdline');
  // With two, which one counts would be up to the loader.
  if (section === undefined || second !== undefined) throw refuse('expected exactly one .cmdline section');
  if (section.size > MAX_COMMAND_LINE_BYTES) throw refuse(`a .cmdline of ${section.size} bytes`);
  const text = await readFully(file, section.offset, section.size);
  if (text.length !== section.size) throw refuse('its .cmdline lies outside the file');
  return { arch: header.arch, commandLine: Buffer.from(text).toString('latin1').replace(/\0+$/, '') };
};

/** @returns every value of `slipway.roothash=` on a kernel command line */
export const rootHashesOf = (commandLine: string): string[] =>
  commandLine
    .split(/\s+/)
    .filter((word) => word.startsWith('slipway.roothash='))
    .map((word) => word.slice('slipway.roothash='.length));
