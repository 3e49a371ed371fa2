import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfig, nodeRuntime, openBoot, type BootControl } from '@slipway/device-agent';
import { buildAgent } from '@slipway/device-agent/build-agent';
import { buildImage } from '@slipway/image';
import { BuildRequest, Digest } from '@slipway/protocol';
import { makeReleaseTree, makeServerAuthority } from '@slipway/signing';
import { espList, espWrite, readGpt } from '@slipway/vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { espOfDisk } from './loader/disk.ts';
import { runUntil } from './loader/machine.ts';

/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const cacheDir = join(import.meta.dirname, '..', '..', '.slipway', 'cache');
const U_BOOT = '/usr/lib/u-boot/qemu_arm64/u-boot.bin';

const CLASS = `name: edge-u-boot
arch: arm64
bootLoader: u-boot
images: [../edge.yml]
partitions: { esp: 160M, root: 320M, data: 96M }
cmdline: console=ttyAMA0
`;
/** In slot a the doctor is called once the agent has recorded what runs. */
const IMAGE = `kernel: { image: 'deb:kernel', cmdline: panic=1 }
init: ['deb:base']
packages:
  kernel: { install: ['linux-image-cloud-\${arch}'], dependencies: ['linux-image-*'] }
  base: { install: [netbase], dependencies: none }
health: { deadline: 60, stable: 1 }
files:
  - path: etc/inittab
    contents: |
      ::sysinit:/usr/lib/slipway/sysinit
      ::respawn:/usr/lib/slipway/hold-watchdog
      ::respawn:/usr/lib/slipway/run-agent
      ::once:/usr/bin/call-doctor
      ::shutdown:/usr/lib/slipway/shutdown
  - path: usr/bin/call-doctor
    mode: '0755'
    contents: |
      #!/bin/sh
      export PATH=/usr/sbin:/usr/bin
      exec > /dev/console 2>&1
      [ "$(cat /run/slipway/slot)" = a ] || exit
      until grep -q '"a":{"state":"GOOD"' /data/slipway/state.?; do sleep 1; done
      slipway-agent doctor --fix
      echo "doctor ended with $?"
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-u-boot-image-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** @returns the folder with what was built */
const build = async (number: number, agent: Buffer, ca: string, root: string): Promise<string> => {
  const outDir = join(folder, `release-${number}`);
  await mkdir(join(folder, 'images'), { recursive: true });
  const id = String(number).padStart(16, '0');
  const request = BuildRequest.parse({
    v: 1,
    build: `bld_${id}`,
    release: `rel_${id}`,
    version: `${number}.0.0`,
    counter: number,
    deviceClass: 'edge-u-boot',
    timeFloor: 1_735_689_600,
    classFile: { name: 'classes/edge.yml', text: CLASS },
    imageFiles: [{ name: 'edge.yml', text: IMAGE }],
    deployment: { enrolUrl: 'https://10.0.2.100/v1/enrol', serverCa: ca, releaseRoot: root },
  });
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  await buildImage({
    request,
    requestDigest: Digest.parse(`sha256:${digest}`),
    sourceDir: join(folder, 'images'),
    cacheDir,
    workDir: join(folder, `work-${number}`),
    outDir,
    agentBundles: { quickjs: agent },
    progress: () => undefined,
    log: () => undefined,
  });
  return outDir;
};

/** What an install of the agent leaves behind: the root in slot b, its UKI on the ESP. */
const putIntoSlotB = async (disk: string, release: string): Promise<void> => {
  const place = (await readGpt(disk)).find(({ name }) => name === 'root-b');
  await using file = await open(disk, 'r+');
  await file.write(await readFile(join(release, 'root.img')), 0, undefined, place?.offset);
  await espWrite(disk, 'EFI/Linux/slot-b.efi', await readFile(join(release, 'uki.efi')));
};

const bootOf = (disk: string): BootControl =>
  openBoot(
    nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined }),
    agentConfig(folder),
    { bootControl: 'u-boot' },
    espOfDisk(disk),
  );

test('a built image starts under U-Boot, tries slot b once; its agent writes the environment, its doctor mends', async () => {
  const bundle = join(folder, 'quickjs.mjs');
  await buildAgent('quickjs', bundle);
  const agent = await readFile(bundle);
  const ca = (await makeServerAuthority('test')).certificatePem;
  const root = (await makeReleaseTree('test')).root.certificatePem;
  const disk = join(await build(1, agent, ca, root), 'disk.img');
  await putIntoSlotB(disk, await build(2, agent, ca, root));

  const control = bootOf(disk);
  expect(await control.describe()).toMatchObject({ default: 'a', armed: null });
  await control.arm('b');
  const { console } = await runUntil(
    'qemu-system-aarch64',
    [
      ['-M', 'virt', '-cpu', 'cortex-a72', '-m', '512', '-bios', U_BOOT],
      ['-drive', `if=none,id=disk,format=raw,cache=unsafe,file=${disk}`],
      ['-device', 'virtio-blk-pci,drive=disk'],
    ].flat(),
    /doctor ended with \d+/,
  );
  const lines = [...console.matchAll(/^slipway: boot id=\S+ slot=([ab]) version=(\S+)/gm)];
  expect(lines.map(([, slot, version]) => `${slot} ${version}`)).toEqual(['b 2.0.0', 'a 1.0.0']);
  expect(console).toContain('slipway: slot b on trial');
  // The trial is on nobody's record, so the agent in it leaves.
  expect(console).toMatch(/slipway-agent: slot b runs although slot a is the default/);
  // U-Boot had left a trace of the trial; the agent took that away as well.
  expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: null });
  expect((await control.inspect()).map(({ level }) => level)).toEqual(['ok', 'ok']);

  const said = Buffer.from(console, 'latin1').toString();
  expect(said).toMatch(/✓ loader-default: slot a runs and is the default of u-boot\n/);
  expect(said).toMatch(/✓ uki-a: EFI\/Linux\/slot-a\.efi starts what runs\n/);
  expect(said).toMatch(
    /✓ uki-b: .*leads to slot b, which is EMPTY.*\n +mended: EFI\/Linux\/slot-b\.efi removed/,
  );
  expect(said).toMatch(/! certificate: the device has no identity yet\n/);
  expect(said).toContain('doctor ended with 0');
  const left = await espList(disk);
  expect(left).toContain('EFI/Linux/slot-a.efi');
  expect(left).not.toContain('EFI/Linux/slot-b.efi');
});
