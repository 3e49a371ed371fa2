import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHITECTURES, WholeChainArch } from '@slipway/protocol';

const folder = import.meta.dirname;
const SOURCES = [
  join(folder, 'probe.c'),
  join(folder, '..', '..', '..', '..', 'packages', 'image', 'early', 'system.h'),
];

/** Of the source that the binaries must have been made of; they say it. */
export const probeSourceDigest = (): string => {
  const hash = createHash('sha256');
  for (const path of SOURCES) hash.update(readFileSync(path));
  return hash.digest('hex');
};

export const probeFor = (arch: WholeChainArch): string => join(folder, `probe.${arch}`);

const FLAGS = [
  '-Os -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function -s -static -nostdlib -ffreestanding -fno-pie -no-pie',
  '-fno-stack-protector -Wl,--build-id=none',
].flatMap((line) => line.split(' '));
const OF_ARCH = { amd64: '-fcf-protection=none', arm64: '-mbranch-protection=none' } as const;

/** `node infra/campaign/src/components/build-probe.ts` after every change of the source; needs Debian's gcc-14 for both. */
if (import.meta.main)
  for (const arch of WholeChainArch.options)
    execFileSync(
      `${ARCHITECTURES[arch].triplet}-gcc-14`,
      [...FLAGS, OF_ARCH[arch], `-DSOURCE_DIGEST="${probeSourceDigest()}"`, '-o', probeFor(arch), 'probe.c'],
      { cwd: folder, stdio: 'inherit' },
    );
