import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyBundle } from '@slipway/bundle';
import type { SignResult } from '@slipway/protocol';
import { makeReleaseTree, makeSecureBootTree, type ReleaseTree, type SecureBootTree } from '@slipway/signing';
import { espRead, espWrite } from '@slipway/vm';
import { readSigningKeys, signBuild, type SignerConfig } from './index.ts';
import { declare, digestText, makeSample, peWith, type Sample } from './sample-build.ts';

const LOADER = 'EFI/BOOT/BOOTX64.EFI';
const FIRST_UKI = 'EFI/Linux/slot-a.efi';

let release: ReleaseTree;
let tree: SecureBootTree;
let folder: string;
let emptyDisk: string;
let config: SignerConfig;

beforeAll(async () => {
  release = await makeReleaseTree('test');
  tree = await makeSecureBootTree('test');
  const disks = mkdtempSync(join(tmpdir(), 'slipway-signer-disk-'));
  emptyDisk = join(disks, 'disk.img');
  writeFileSync(emptyDisk, '');
  truncateSync(emptyDisk, 40 * 1024 * 1024);
  execFileSync('sgdisk', ['-n', '1:2048:+32M', '-c', '1:esp', emptyDisk], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  execFileSync('mformat', ['-i', `${emptyDisk}@@1048576`, '-T', '65536', '-h', '64', '-s', '32']);
});
afterAll(() => rmSync(join(emptyDisk, '..'), { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-signer-'));
  config = {
    storeDir: join(folder, 'store'),
    keysDir: join(folder, 'keys'),
    stateDir: join(folder, 'state'),
    redisUrl: `unix://${join(folder, 'redis.sock')}`,
  };
  mkdirSync(config.keysDir, { mode: 0o700 });
  mkdirSync(config.stateDir, { mode: 0o700 });
  mkdirSync(join(config.keysDir, 'secure-boot'));
  const files = {
    'leaf.key.pem': release.leaf.keyPem,
    'leaf.pem': release.leaf.certificatePem,
    'intermediate.pem': release.intermediate.certificatePem,
    'root.pem': release.root.certificatePem,
    'secure-boot/db.key.pem': tree.db.keyPem,
    'secure-boot/db.pem': tree.db.certificatePem,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(config.keysDir, name), text);
  return () => rmSync(folder, { recursive: true, force: true });
});

const makeBuild = (number: number, options: Partial<Parameters<typeof makeSample>[2]> = {}): Sample =>
  makeSample(config.storeDir, number, { releaseRoot: release.root.certificatePem, ...options });
const sign = async ({ buildId }: Sample): Promise<SignResult> =>
  signBuild(
    {
      config,
      keys: await readSigningKeys(config.keysDir),
      now: () => new Date(),
      onProgress: async () => undefined,
    },
    buildId,
  );

const firmwareAccepts = (image: Uint8Array): boolean => {
  writeFileSync(join(folder, 'image.efi'), image);
  try {
    execFileSync(
      'sbverify',
      ['--cert', join(config.keysDir, 'secure-boot', 'db.pem'), join(folder, 'image.efi')],
      { stdio: 'ignore' },
    );
    return true;
  } catch {
    return false;
  }
};

const sampleWithDisk = async (outputs?: string): Promise<Sample> => {
  const sample = makeBuild(1, {
    secureBoot: true,
    ...(outputs === undefined ? {} : { outputs }),
  });
  const disk = join(sample.folder, 'disk.img');
  execFileSync('cp', ['--sparse=always', emptyDisk, disk]);
  await espWrite(disk, LOADER, peWith('the loader'));
  await espWrite(disk, FIRST_UKI, readFileSync(join(sample.folder, 'uki.efi')));
  return { ...sample, result: declare(sample) };
};
const diskOf = ({ request }: Sample) => join(config.storeDir, 'bundles', `${request.release}.disk.img`);
const bundleOf = ({ request }: Sample) => join(config.storeDir, 'bundles', `${request.release}.tar`);

describe('a class with Secure Boot', () => {
  test('its bundle holds the signed UKI, and its disk starts with signed files only', async () => {
    const sample = await sampleWithDisk();
    expect(firmwareAccepts(readFileSync(join(sample.folder, 'uki.efi')))).toBe(false);
    await sign(sample);
    const { manifest } = await verifyBundle(bundleOf(sample), {
      releaseRootPem: release.root.certificatePem,
      deviceClass: 'edge-x86',
      arch: 'amd64',
    });
    const uki = await espRead(diskOf(sample), FIRST_UKI);
    expect(firmwareAccepts(uki)).toBe(true);
    expect(manifest.files.find(({ name }) => name === 'uki.efi')?.digest).toBe(digestText(uki));
    expect(firmwareAccepts(await espRead(diskOf(sample), LOADER))).toBe(true);
  });

  test('asked for again, gives the same bundle', async () => {
    const sample = await sampleWithDisk();
    const first = await sign(sample);
    expect(await sign(sample)).toEqual(first);
  });

  test('its other formats are made of the signed disk, each with its digest; one that fails leaves none', async () => {
    const sample = await sampleWithDisk('vmdk, qcow2-efi');
    const { release: id, disks } = await sign(sample);
    expect(disks?.map(({ name }) => name)).toEqual(['disk.img', 'disk.qcow2', 'disk.vmdk']);
    const bundles = join(config.storeDir, 'bundles');
    for (const { name, size, digest } of disks ?? []) {
      const bytes = readFileSync(join(bundles, `${id}.${name}`));
      expect({ name, size: bytes.length, digest: digestText(bytes) }).toEqual({ name, size, digest });
    }
    const compare = [
      'compare',
      '-f',
      'raw',
      '-F',
      'qcow2',
      diskOf(sample),
      join(bundles, `${id}.disk.qcow2`),
    ];
    expect(execFileSync('qemu-img', compare, { encoding: 'utf8' })).toContain('identical');

    for (const name of readdirSync(bundles)) rmSync(join(bundles, name));
    // Where the last of them belongs lies something else.
    mkdirSync(join(bundles, `${id}.disk.vmdk`, 'x'), { recursive: true });
    await expect(sign(sample)).rejects.toThrow(/EISDIR|ENOTEMPTY/);
    expect(readdirSync(bundles)).toEqual([`${id}.disk.vmdk`]);
  });

  test('asked for again in vain, leaves the disks of the first time as they were', async () => {
    const sample = await sampleWithDisk('vmdk, qcow2-efi');
    const { release: id, disks } = await sign(sample);
    const bundles = join(config.storeDir, 'bundles');
    const intact = (): string[] =>
      (disks ?? [])
        .filter(({ name, digest }) => digestText(readFileSync(join(bundles, `${id}.${name}`))) === digest)
        .map(({ name }) => name);
    const all = ['disk.img', 'disk.qcow2', 'disk.vmdk'];
    // Where the bundle belongs lies something else.
    rmSync(bundleOf(sample));
    mkdirSync(join(bundleOf(sample), 'x'), { recursive: true });
    await expect(sign(sample)).rejects.toThrow(/EISDIR|ENOTEMPTY/);
    expect(intact()).toEqual(all);
    // A disk cannot be written.
    mkdirSync(join(bundles, `${id}.disk.qcow2.new`, 'x'), { recursive: true });
    await expect(sign(sample)).rejects.toThrow('EEXIST');
    expect(intact()).toEqual(all);
  });

  test('a disk that is not as declared: SIGN_INPUT_MISMATCH, and none is left', async () => {
    const sample = await sampleWithDisk();
    await espWrite(join(sample.folder, 'disk.img'), LOADER, peWith('another'));
    await expect(sign(sample)).rejects.toMatchObject({ code: 'SIGN_INPUT_MISMATCH' });
    expect(existsSync(diskOf(sample))).toBe(false);
  });

  test('a builder that signs for itself: SIGN_POLICY_REFUSED', async () => {
    const sample = await sampleWithDisk();
    const uki = readFileSync(join(sample.folder, 'uki.efi'));
    uki.writeUInt32LE(512, 0x98 + 112 + 32);
    writeFileSync(join(sample.folder, 'uki.efi'), uki);
    declare(sample);
    await expect(sign(sample)).rejects.toMatchObject({ code: 'SIGN_POLICY_REFUSED' });
  });

  test('a signer without a key for it: CONFIG_INVALID', async () => {
    rmSync(join(config.keysDir, 'secure-boot'), { recursive: true });
    const sample = await sampleWithDisk();
    await expect(sign(sample)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

test('a class without Secure Boot gets the UKI as it was built, and no disk from the signer', async () => {
  const sample = makeBuild(1);
  await sign(sample);
  const { manifest } = await verifyBundle(bundleOf(sample), {
    releaseRootPem: release.root.certificatePem,
    deviceClass: 'edge-x86',
    arch: 'amd64',
  });
  const uki = manifest.files.find(({ name }) => name === 'uki.efi');
  expect(uki?.digest).toBe(digestText(readFileSync(join(sample.folder, 'uki.efi'))));
  expect(existsSync(diskOf(sample))).toBe(false);
});
