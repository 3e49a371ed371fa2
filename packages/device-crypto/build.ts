import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilerFor } from './compiler.ts';
import { type Arch, DEVICE_ARCHES } from '@slipway/protocol';
import { cryptoFolder, cryptoProgramPath, cryptoSourceDigest } from './src/index.ts';

/**
 * Compiles `slipway-crypto` for every architecture that has devices: `node packages/device-crypto/build.ts`. Run it after
 * every change of its source and check in what it makes; needs Debian's gcc-14, libc6-dev and libmbedtls-dev, and for the
 * others cross compilers and C libraries such as gcc-14-aarch64-linux-gnu and libc6-dev-arm64-cross.
 */

const FLAGS = [
  '-Os -std=gnu11 -Wall -Wextra -Werror -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2',
  '-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -ffunction-sections',
].flatMap((line) => line.split(' '));
const LINK = [
  '-pie -s -Wl,--build-id=none,--gc-sections,--as-needed,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code',
].flatMap((line) => line.split(' '));
const OF_ARCH: Partial<Readonly<Record<Arch, readonly string[]>>> = {
  amd64: ['-fcf-protection=full'],
  arm64: ['-mbranch-protection=standard'],
  // As Debian builds what it is linked with.
  'arm/v7': ['-D_FILE_OFFSET_BITS=64', '-D_TIME_BITS=64'],
};
const PARTS = ['slipway-crypto', 'keys', 'certificates', 'connect'];

/** Mbed TLS comes with the image; the linker only has to know which library has which function. */
const LIBRARIES: readonly { readonly soname: string; readonly functions: RegExp }[] = [
  { soname: 'libmbedtls.so.21', functions: /^mbedtls_ssl_/ },
  { soname: 'libmbedx509.so.7', functions: /^mbedtls_x509/ },
  { soname: 'libmbedcrypto.so.16', functions: /^(?:mbedtls|psa)_(?!ssl_|x509)/ },
];

/** The same compiler and headers make the same bytes, wherever the checkout lies. */
export const compileCrypto = (arch: Arch, output: string): void => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-crypto-'));
  try {
    const run = (program: string, args: readonly string[]): string =>
      execFileSync(program, args, {
        cwd: join(import.meta.dirname, 'source'),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const gcc = (...args: readonly string[]): string => run(compilerFor(arch), args);
    // Mbed TLS's headers are the same for all processors; of the others in that folder none must be found.
    const headers = join(folder, 'include');
    execFileSync('mkdir', [headers]);
    for (const name of ['mbedtls', 'psa']) execFileSync('ln', ['-s', `/usr/include/${name}`, headers]);
    const objects = PARTS.map((part) => {
      const object = join(folder, `${part}.o`);
      const digest = `-DSOURCE_DIGEST="${cryptoSourceDigest()}"`;
      gcc(...FLAGS, ...(OF_ARCH[arch] ?? []), digest, '-isystem', headers, '-c', '-o', object, `${part}.c`);
      return object;
    });
    const names = [...new Set(run('nm', ['-u', '-j', '--quiet', ...objects]).split('\n'))].sort();
    const stubs = LIBRARIES.map(({ soname, functions }) => {
      const source = join(folder, `${soname}.c`);
      const own = names.filter((name) => functions.test(name));
      writeFileSync(source, own.map((name) => `void ${name}(void) {}\n`).join(''));
      const stub = join(folder, `${soname}.so`);
      gcc('-shared', '-fPIC', '-nostdlib', `-Wl,-soname,${soname}`, '-o', stub, source);
      return stub;
    });
    gcc(...LINK, ...(OF_ARCH[arch] ?? []), '-o', output, ...objects, ...stubs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (import.meta.main)
  for (const arch of DEVICE_ARCHES) {
    mkdirSync(cryptoFolder(arch), { recursive: true });
    compileCrypto(arch, cryptoProgramPath(arch));
  }
