import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { compilerFor } from '@slipway/device-crypto/compiler';
import { type Arch, DEVICE_ARCHES } from '@slipway/protocol';
import {
  EARLY_PROGRAMS,
  earlyProgramName,
  earlySourceDigest,
  type EarlyProgram,
} from '../src/early-program.ts';

/**
 * Compiles the first programs of the kernel and of containers for every architecture whose devices choose slots:
 * `node packages/image/early/build.ts`. Run it after every change of their source and check in what it makes; needs
 * Debian's gcc-14 and its cross compilers for the others, such as gcc-14-aarch64-linux-gnu.
 */

const FLAGS = [
  '-Os -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function',
  '-static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector',
  '-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -s',
  '-Wl,--build-id=none,-z,noseparate-code,-z,norelro,-z,noexecstack',
].flatMap((line) => line.split(' '));
const OF_ARCH: Partial<Readonly<Record<Arch, readonly string[]>>> = {
  amd64: ['-fcf-protection=none'],
  arm64: ['-mbranch-protection=none'],
};
/** Division of 64 bits, which a processor of 32 lacks. */
const LIBRARIES: Partial<Readonly<Record<Arch, readonly string[]>>> = { 'arm/v7': ['-lgcc'] };

/** The same compiler makes the same bytes, wherever the checkout lies. */
export const compileEarly = (program: EarlyProgram, arch: Arch, output: string): void => {
  execFileSync(
    compilerFor(arch),
    [
      ...FLAGS,
      ...(OF_ARCH[arch] ?? []),
      `-DSOURCE_DIGEST="${earlySourceDigest(program)}"`,
      '-o',
      output,
      `${program}.c`,
      ...(LIBRARIES[arch] ?? []),
    ],
    { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit'] },
  );
};

if (import.meta.main)
  for (const program of EARLY_PROGRAMS)
    for (const arch of DEVICE_ARCHES)
      compileEarly(program, arch, join(import.meta.dirname, earlyProgramName(program, arch)));
