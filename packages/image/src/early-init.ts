import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Arch } from '@slipway/protocol';

const at = (name: string): URL => new URL(`../early/${name}`, import.meta.url);
const SOURCES = ['init.c', 'sha256.h', 'system.h'];

/** Of the source that the binaries must have been made of; each of them says it. */
export const earlySourceDigest = (): string => {
  const hash = createHash('sha256');
  for (const name of SOURCES) hash.update(readFileSync(at(name)));
  return hash.digest('hex');
};

/**
 * The first program of the kernel, `/init` of the initramfs: static, without a C library, checked in as it was compiled by
 * `early/build.ts`, so that building an image needs no compiler.
 */
export const earlyInit = (arch: Arch): Uint8Array => readFileSync(at(`init.${arch}`));
