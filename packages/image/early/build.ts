import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Arch } from '@slipway/protocol';
import { earlySourceDigest } from '../src/early-init.ts';

/**
 * Compiles the first program of the kernel for both architectures: `node packages/image/early/build.ts`. Run it after every
 * change of its source and check in what it makes; needs Debian's gcc-14 and gcc-14-aarch64-linux-gnu.
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
export const compileEarly = (arch: Arch, output: string): void => {
  execFileSync(
    COMPILERS[arch],
    [...FLAGS, ...OF_ARCH[arch], `-DSOURCE_DIGEST="${earlySourceDigest()}"`, '-o', output, 'init.c'],
    { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit'] },
  );
};

if (import.meta.main)
  for (const arch of ['amd64', 'arm64'] as const)
    compileEarly(arch, join(import.meta.dirname, `init.${arch}`));
