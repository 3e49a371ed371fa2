import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Arch, ARCHITECTURES, hostArch } from '@slipway/protocol';

export const CRYPTO_PROGRAM = 'slipway-crypto';

const HERE = join(import.meta.dirname, '..');
const SOURCE = join(HERE, 'source');

/** A directory for `PATH`. */
export const cryptoFolder = (arch: Arch): string => join(HERE, 'bin', ARCHITECTURES[arch].debian);

/** `PATH` of this process with the program for this machine on it, as the agent of a device finds it. */
export const pathWithCrypto = (): string =>
  [cryptoFolder(hostArch(process.arch)), process.env['PATH'] ?? ''].join(delimiter);

export const cryptoProgramPath = (arch: Arch): string => join(cryptoFolder(arch), CRYPTO_PROGRAM);

/** The program, a dynamically linked ELF. */
export const cryptoProgram = (arch: Arch): Uint8Array => readFileSync(cryptoProgramPath(arch));

/** Of the source that the binaries must have been made of; each of them says it. */
export const cryptoSourceDigest = (): string => {
  const hash = createHash('sha256');
  for (const name of readdirSync(SOURCE).sort()) hash.update(readFileSync(join(SOURCE, name)));
  return hash.digest('hex');
};
