import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPILED_BY, hasCompiler } from '@slipway/device-crypto/compiler';
import { ARCHITECTURES, DEVICE_ARCHES } from '@slipway/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileEarly } from '../early/build.ts';
import { EARLY_PROGRAMS, earlyProgram, earlySourceDigest } from './early-program.ts';
import { elfNeeds } from './elf.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-early-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each(EARLY_PROGRAMS.flatMap((program) => DEVICE_ARCHES.map((arch) => ({ program, arch }))))(
  '$program for $arch',
  ({ program, arch }) => {
    test('was compiled from the source as it is now', () => {
      const text = Buffer.from(earlyProgram(program, arch)).toString('latin1');
      expect(text).toContain(`source=${earlySourceDigest(program)}`);
    });

    test('is a static program for its processor, small enough not to matter', () => {
      const binary = Buffer.from(earlyProgram(program, arch));
      expect(binary.readUInt16LE(0x12)).toBe(ARCHITECTURES[arch].elf.machine);
      expect(elfNeeds(binary)).toEqual({ libraries: [] });
      expect(binary.length).toBeLessThan(16_384);
    });

    test.skipIf(!hasCompiler(arch))(
      `comes out the same where gcc ${COMPILED_BY} for it is installed`,
      async () => {
        const output = join(folder, ARCHITECTURES[arch].debian);
        compileEarly(program, arch, output);
        expect((await readFile(output)).equals(Buffer.from(earlyProgram(program, arch)))).toBe(true);
      },
    );
  },
);

const PROGRAM = join(import.meta.dirname, '..', 'early', 'landlock.amd64');
const run = (...words: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(PROGRAM, words, {
    env: { PATH: '/nowhere:/usr/bin' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr: stderr.trim() };
};
/** Who tests on another processor or kernel sees it in the guest alone. */
const HAS_LANDLOCK = run('read=/', 'execute=/', '--', 'true').status === 0;
/** Lets a program see an older kernel. */
const HAS_STRACE = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0;

describe.skipIf(!HAS_LANDLOCK)('the first program of a container', () => {
  const RUNNABLE = ['execute=/usr', 'execute=/lib64'];
  const shell = (rules: readonly string[], script: string) =>
    run(...RUNNABLE, ...rules, '--', 'sh', '-c', script);

  test('becomes the program, which may do what is listed and nothing else', async () => {
    for (const name of ['listed', 'other']) await writeFile(join(folder, name), name);
    const { stdout, stderr } = shell(
      [`read=${folder}/listed`, 'write=/dev'],
      `cat ${folder}/listed; cat ${folder}/other; echo > ${folder}/made; ls ${folder}; echo > /dev/null`,
    );
    expect(stdout).toBe('listed');
    expect(stderr.match(/Permission denied/g)).toHaveLength(3);
  });

  test('ports are refused where they are not listed, and left alone where nothing is said of them', () => {
    const script = 'exec 3<> /dev/tcp/127.0.0.1/1';
    const bash = (...rules: readonly string[]) => run(...RUNNABLE, ...rules, '--', 'bash', '-c', script);
    expect(bash().stderr).toContain('Connection refused');
    expect(bash('connect', 'connect=1').stderr).toContain('Connection refused');
    expect(bash('connect', 'connect=2').stderr).toContain('Permission denied');
  });

  test.skipIf(!HAS_STRACE)('starts nothing on a kernel that cannot hold to the rules', () => {
    const onVersion = (version: number, ...rules: readonly string[]) => {
      const inject = `inject=landlock_create_ruleset:retval=${version}:when=1`;
      const words = ['-qq', '-o', '/dev/null', '-e', inject, PROGRAM, ...RUNNABLE, ...rules, '--', 'true'];
      const { status, stderr } = spawnSync('strace', words, { encoding: 'utf8' });
      return [status, stderr.trim()];
    };
    for (const version of [1, 2])
      expect(onVersion(version)).toEqual([126, expect.stringContaining('use Linux 6.2 or later')]);
    expect(onVersion(3)).toEqual([0, '']);
    expect(onVersion(3, 'bind')).toEqual([126, expect.stringContaining('need Linux 6.7')]);
    expect(onVersion(4, 'bind')).toEqual([0, '']);
  });

  test('says what it did not find or may not run', () => {
    expect(run(...RUNNABLE, 'read=/not/there', '--', 'true')).toEqual({
      status: 0,
      stdout: '',
      stderr: 'slipway-landlock: there is no /not/there',
    });
    expect(run(...RUNNABLE, '--', 'no-such-program')).toMatchObject({ status: 127 });
    expect(run('read=/', '--', 'true')).toMatchObject({ status: 126 });
    expect(run('raed=/', '--', 'true')).toMatchObject({
      status: 126,
      stderr: 'slipway-landlock: no such rule: raed=/',
    });
    expect(run('read=/')).toMatchObject({ status: 126 });
  });
});
