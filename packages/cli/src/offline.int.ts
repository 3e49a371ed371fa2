import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestFile, writeBundle } from '@slipway/bundle';
import { Claim, CLAIM_ESP_PATH, FactoryIdentity, IDENTITY_ESP_PATH, Manifest } from '@slipway/protocol';
import { makeReleaseTree, signCms } from '@slipway/signing';
import { espRead, espWrite } from '@slipway/vm';
import { callIn } from './testing/call.ts';

const launcher = fileURLToPath(new URL('../bin/slipway', import.meta.url));

let folder: string;
let call: ReturnType<typeof callIn>;
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  call = callIn(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('bundle', () => {
  beforeAll(async () => {
    const names = ['uki.efi', 'root.img', 'sbom.cdx.json'] as const;
    for (const name of names) writeFileSync(path(name), `content of ${name}`.padEnd(8192));
    const [tree, stranger] = await Promise.all([makeReleaseTree('test'), makeReleaseTree('stranger')]);
    const files = await Promise.all(names.map(async (name) => ({ name, ...(await digestFile(path(name))) })));
    const manifest = Manifest.parse({
      v: 1,
      format: 'slipway-bundle',
      release: 'rel_0000000000000000',
      version: '1.2.3',
      counter: 7,
      deviceClass: 'edge-test',
      arch: 'amd64',
      build: 'bld_0000000000000000',
      timeFloor: 1_700_000_000,
      rootHash: 'ab'.repeat(32),
      verityDataBlocks: 1,
      minimumAgent: '0.1.0',
      provenance: files[0]?.digest,
      files,
    });
    const bytes = Buffer.from(JSON.stringify(manifest));
    await writeBundle({
      manifest: bytes,
      signature: signCms(bytes, {
        leafKeyPem: tree.leaf.keyPem,
        leafCertPem: tree.leaf.certificatePem,
        chainPem: tree.intermediate.certificatePem,
      }),
      files: {
        'uki.efi': path('uki.efi'),
        'root.img': path('root.img'),
        'sbom.cdx.json': path('sbom.cdx.json'),
      },
      out: path('good.tar'),
    });
    writeFileSync(path('root.pem'), tree.root.certificatePem);
    writeFileSync(path('stranger.pem'), stranger.root.certificatePem);
  });

  test('verify tells what was verified', async () => {
    const { status, out } = await call('bundle', 'verify', 'good.tar', '--root', 'root.pem');
    expect(status).toBe(0);
    expect(out).toMatch(/^verified, sha256:[0-9a-f]{64}/);
    expect(out).toMatch(/version +1\.2\.3/);
  });

  test('verify refuses what does not fit, with the code and its status', async () => {
    const wrongRoot = await call('bundle', 'verify', 'good.tar', '--root', 'stranger.pem');
    expect(wrongRoot).toMatchObject({ status: 65, err: expect.stringMatching(/^BUNDLE_SIGNER_UNTRUSTED: /) });
    const wrongClass = await call(
      'bundle',
      'verify',
      'good.tar',
      '--root',
      'root.pem',
      '--class',
      'edge-other',
    );
    expect(wrongClass).toMatchObject({ status: 65, err: expect.stringMatching(/^BUNDLE_CLASS_MISMATCH: /) });
    copyFileSync(path('good.tar'), path('bad.tar'));
    const bytes = readFileSync(path('bad.tar'));
    const at = bytes.indexOf('content of root.img');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path('bad.tar'), bytes);
    const flipped = await call('bundle', 'verify', 'bad.tar', '--root', 'root.pem');
    expect(flipped).toMatchObject({ status: 65, err: expect.stringMatching(/^BUNDLE_DIGEST_MISMATCH: /) });
  });

  test('show reads the manifest', async () => {
    const { out } = await call('bundle', 'show', 'good.tar', '--json');
    expect(JSON.parse(out)).toMatchObject({ version: '1.2.3', counter: 7 });
    expect((await call('bundle', 'show', 'none.tar')).status).toBe(66);
    expect((await call('bundle', 'show', 'root.pem')).status).toBe(65);
  });
});

test('provision puts the claim, or an identity of the factory, onto the ESP', async () => {
  const disk = path('disk.img');
  writeFileSync(disk, '');
  truncateSync(disk, 64 * 1024 * 1024);
  execFileSync('sgdisk', ['-n', '1:2048:+48M', '-t', '1:ef00', '-c', '1:esp', disk], { stdio: 'ignore' });
  execFileSync('mformat', ['-i', `${disk}@@1048576`, '-T', '98304', '-h', '64', '-s', '32'], {
    stdio: 'ignore',
  });
  const token = 'swc_0123456789abcdef';
  expect((await call('provision', 'disk.img', '--token', token)).status).toBe(0);
  expect(Claim.parse(JSON.parse((await espRead(disk, CLAIM_ESP_PATH)).toString()))).toEqual({ v: 1, token });
  expect((await call('provision', 'disk.img')).status).toBe(64);

  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  for (const name of ['device', 'other']) {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`);
    openssl('req', '-new', '-x509', '-key', `${name}.key`, '-subj', `/CN=${name}-1`, '-out', `${name}.pem`);
  }
  const factory = [
    'provision',
    'disk.img',
    '--certificate',
    'device.pem',
    '--mqtt-url',
    'mqtts://broker:8883',
  ];
  expect((await call(...factory, '--key', 'other.key')).status).toBe(65);
  expect((await call(...factory, '--key', 'none.key')).status).toBe(66);
  expect((await call(...factory)).status).toBe(64);
  for (const claim of [
    ['--token', token],
    ['--class', 'edge'],
    ['--device-id', 'device-2'],
  ])
    expect((await call(...factory, '--key', 'device.key', ...claim)).status).toBe(64);
  expect((await call(...factory, '--key', 'device.key')).status).toBe(0);
  expect(
    FactoryIdentity.parse(JSON.parse((await espRead(disk, IDENTITY_ESP_PATH)).toString())),
  ).toMatchObject({
    deviceId: 'device-1',
    tenant: 'default',
    key: readFileSync(path('device.key'), 'utf8'),
  });

  mkdirSync(path('keys'));
  for (const name of ['PK.auth', 'KEK.auth', 'db.auth']) writeFileSync(path(`keys/${name}`), name);
  const offer = ['provision', 'disk.img', '--token', token, '--secure-boot', 'keys'];
  expect((await call(...offer)).status).not.toBe(0);
  await espWrite(disk, 'loader/loader.conf', Buffer.from('timeout 0\n'));
  for (const _ of ['once', 'again']) expect((await call(...offer)).status).toBe(0);
  expect((await espRead(disk, 'loader/loader.conf')).toString()).toBe(
    'timeout 0\nsecure-boot-enroll force\n',
  );
  expect((await espRead(disk, 'loader/keys/auto/KEK.auth')).toString()).toBe('KEK.auth');
  expect((await call('run', 'disk.img')).err).toContain('--arch');
});

test('component pack writes an OCI layout', async () => {
  mkdirSync(path('hello/files/etc'), { recursive: true });
  writeFileSync(path('hello/component.yml'), 'name: hello\nversion: 1.0.0\n');
  writeFileSync(path('hello/files/etc/hello'), 'hello\n');
  const { status, out } = await call('component', 'pack', 'hello', 'layout', '--cache', 'cache', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ name: 'hello', version: '1.0.0', arch: ['amd64', 'arm64'] });
  expect(JSON.parse(readFileSync(path('layout/oci-layout'), 'utf8'))).toMatchObject({
    imageLayoutVersion: '1.0.0',
  });
});

describe('the launcher', () => {
  const launch = (file: string, ...words: string[]) =>
    spawnSync(file, words, { encoding: 'utf8', cwd: folder });

  test('starts the command on the pinned Node and hands its status on', () => {
    expect(launch(launcher, '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('rollouts'),
    });
    expect(launch(launcher, 'validate', 'none.yml').status).toBe(66);
  });

  test('works through the link that npm makes', () => {
    symlinkSync(launcher, path('slipway'));
    expect(launch(path('slipway'), '--help').status).toBe(0);
  });

  test('says what to do where the pinned Node is not installed', () => {
    mkdirSync(path('elsewhere/bin'), { recursive: true });
    copyFileSync(launcher, path('elsewhere/bin/slipway'));
    expect(launch(path('elsewhere/bin/slipway'), '--help')).toMatchObject({
      status: 69,
      stderr: expect.stringMatching(/^NODE_TOO_OLD: .*npm install/),
    });
  });
});
