import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Arch } from '@slipway/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMPILERS, compileEarly } from '../early/build.ts';
import { earlyInit, earlySourceDigest } from './early-init.ts';
import { elfNeeds } from './elf.ts';

/** Other versions make other bytes, which is no fault of the source. */
const COMPILED_BY = '14.2.0';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-early-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const version = (compiler: string): string => {
  try {
    return execFileSync(compiler, ['-dumpfullversion'], { encoding: 'utf8' }).trim();
  } catch {
    return 'not installed';
  }
};

const MACHINES = { amd64: 0x3e, arm64: 0xb7 } as const;

describe.each(Arch.options)('%s', (arch) => {
  test('was compiled from the source as it is now', () => {
    const text = Buffer.from(earlyInit(arch)).toString('latin1');
    expect(text).toContain(`slipway-early source=${earlySourceDigest()}`);
  });

  test('is a static program for its processor, small enough not to matter', () => {
    const binary = Buffer.from(earlyInit(arch));
    expect(binary.readUInt16LE(0x12)).toBe(MACHINES[arch]);
    expect(elfNeeds(binary)).toEqual({ libraries: [] });
    expect(binary.length).toBeLessThan(16_384);
  });

  test.skipIf(version(COMPILERS[arch]) !== COMPILED_BY)(
    `comes out the same where gcc ${COMPILED_BY} for it is installed`,
    async () => {
      const output = join(folder, arch);
      compileEarly(arch, output);
      expect((await readFile(output)).equals(Buffer.from(earlyInit(arch)))).toBe(true);
    },
  );
});
