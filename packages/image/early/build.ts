import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Arch } from '@slipway/protocol';
import { EARLY_PROGRAMS, earlySourceDigest, type EarlyProgram } from '../src/early-program.ts';

/**
 * Compiles the first programs of the kernel and of containers for both architectures: `node packages/image/early/build.ts`.
 * Run it after every change of their source and check in what it makes; needs Debian's gcc-14 and gcc-14-aarch64-linux-gnu.
 */
export const COMPILERS = {
  amd64: 'x86_64-linux-gnu-gcc-14',
  arm64: 'aarch64-linux-gnu-gcc-14',
} as const satisfies Record<Arch, string>;

const FLAGS = [
  '-Os -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function',
  '-static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector',
  '-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -s',
  '-Wl,--build-id=none,-z,noseparate-code,-z,norelro,-z,noexecstack',
].flatMap((line) => line.split(' '));
const OF_ARCH = { amd64: ['-fcf-protection=none'], arm64: ['-mbranch-protection=none'] } as const;

/** The same compiler makes the same bytes, wherever the checkout lies. */
export const compileEarly = (program: EarlyProgram, arch: Arch, output: string): void => {
  execFileSync(
    COMPILERS[arch],
    [...FLAGS, ...OF_ARCH[arch], `-DSOURCE_DIGEST="${earlySourceDigest(program)}"`].concat([
      '-o',
      output,
      `${program}.c`,
    ]),
    { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit'] },
  );
};

if (import.meta.main)
  for (const program of EARLY_PROGRAMS)
    for (const arch of ['amd64', 'arm64'] as const)
      compileEarly(program, arch, join(import.meta.dirname, `${program}.${arch}`));
