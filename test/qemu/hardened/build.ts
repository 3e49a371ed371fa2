import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const SOURCES = [
  join(folder, 'probe.c'),
  join(folder, '..', '..', '..', 'packages', 'image', 'early', 'system.h'),
];

/** Of the source that the binary must have been made of; it says it. */
export const probeSourceDigest = (): string => {
  const hash = createHash('sha256');
  for (const path of SOURCES) hash.update(readFileSync(path));
  return hash.digest('hex');
};

export const PROBE = join(folder, 'probe.amd64');

const FLAGS = [
  '-Os -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function -s -static -nostdlib -ffreestanding -fno-pie -no-pie',
  '-fno-stack-protector -fcf-protection=none -Wl,--build-id=none',
].flatMap((line) => line.split(' '));

/** `node test/qemu/hardened/build.ts` after every change of the source; needs Debian's gcc-14. */
if (import.meta.main)
  execFileSync(
    'x86_64-linux-gnu-gcc-14',
    [...FLAGS, `-DSOURCE_DIGEST="${probeSourceDigest()}"`, '-o', PROBE, 'probe.c'],
    { cwd: folder, stdio: 'inherit' },
  );
