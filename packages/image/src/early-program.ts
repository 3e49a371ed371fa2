import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ARCHITECTURES, type Arch } from '@slipway/protocol';

const at = (name: string): URL => new URL(`../early/${name}`, import.meta.url);

const SOURCES = {
  /** first of the kernel: `/init` of the initramfs */
  init: ['init.c', 'sha256.h', 'system.h'],
  /** first of a container that has rules of Landlock */
  landlock: ['landlock.c', 'system.h'],
  /** last of a shutdown, where the firmware is told something with the restart */
  restart: ['restart.c', 'system.h'],
} as const;

export type EarlyProgram = keyof typeof SOURCES;
export const EARLY_PROGRAMS = ['init', 'landlock', 'restart'] as const satisfies readonly EarlyProgram[];

/** Of the source that the binaries must have been made of; each of them says it. */
export const earlySourceDigest = (program: EarlyProgram): string => {
  const hash = createHash('sha256');
  for (const name of SOURCES[program]) hash.update(readFileSync(at(name)));
  return hash.digest('hex');
};

/** Of its file. */
export const earlyProgramName = (program: EarlyProgram, arch: Arch): string =>
  `${program}.${ARCHITECTURES[arch].debian}`;

/**
 * A program that runs before there is anything to run it with: static, without a C library, checked in as it was compiled
 * by `early/build.ts`, so that building an image needs no compiler.
 */
export const earlyProgram = (program: EarlyProgram, arch: Arch): Uint8Array =>
  readFileSync(at(earlyProgramName(program, arch)));
