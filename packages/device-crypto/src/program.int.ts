import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARCHITECTURES, DEVICE_ARCHES } from '@slipway/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileCrypto } from '../build.ts';
import { COMPILED_BY, hasCompiler } from '../compiler.ts';
import { cryptoProgram, cryptoSourceDigest, pathWithCrypto } from './index.ts';

const HEADERS = '3.6.6';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-crypto-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const headers = async (): Promise<string> =>
  /VERSION_STRING +"([\d.]+)"/.exec(
    await readFile('/usr/include/mbedtls/build_info.h', 'utf8').catch(() => ''),
  )?.[1] ?? 'not installed';
const installedHeaders = await headers();

describe.each(DEVICE_ARCHES)('%s', (arch) => {
  test('was compiled from the source as it is now', () => {
    const text = Buffer.from(cryptoProgram(arch)).toString('latin1');
    expect(text).toContain(`slipway-crypto source=${cryptoSourceDigest()}`);
  });

  test('is a program for its processor', () => {
    expect(Buffer.from(cryptoProgram(arch)).readUInt16LE(0x12)).toBe(ARCHITECTURES[arch].elf.machine);
  });

  test.skipIf(!hasCompiler(arch) || installedHeaders !== HEADERS)(
    `comes out the same where gcc ${COMPILED_BY} for it and the headers of Mbed TLS ${HEADERS} are installed`,
    async () => {
      const output = join(folder, ARCHITECTURES[arch].debian);
      compileCrypto(arch, output);
      expect((await readFile(output)).equals(Buffer.from(cryptoProgram(arch)))).toBe(true);
    },
  );
});

describe('called wrongly', () => {
  const call = (...words: readonly string[]) =>
    spawnSync('slipway-crypto', words, {
      env: { PATH: pathWithCrypto() },
      input: 'x'.repeat(100),
      encoding: 'utf8',
    });
  test.each([
    [[]],
    [['nonsense']],
    [['new-key', 'more']],
    [['connect', 'host']],
    [['connect', 'host', '1', '--ca']],
    [['connect', 'host', '1', '--insecure', 'yes']],
    [['connect', 'host', '1', '--key', '/dev/null']],
    [['request', '/dev/null']],
    [['verify', '/dev/null', 'noon', '0,1', '0,1', '0,1']],
  ])('%j: status 64', (words) => {
    expect(call(...words)).toMatchObject({ status: 64, stdout: '' });
  });

  test('parts that lie beyond the input are refused', async () => {
    const root = join(folder, 'root.pem');
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        '/CN=x',
        '-keyout',
        '/dev/null',
        '-out',
        root,
      ],
      { stdio: 'ignore' },
    );
    const beyond = ['101,1', '0,101', '100,1', '18446744073709551615,2', '0,-1', '1', '0,0', 'a,b'];
    const statuses = beyond.map((part) => [part, call('verify', root, '0', part, '0,1', '0,1').status]);
    expect(statuses).toEqual(beyond.map((part) => [part, 64]));
    // The parts lie inside, what is there is no certificate.
    expect(call('verify', root, '0', '0,100', '0,1', '0,1')).toMatchObject({ status: 1 });
  });
});
