import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildLocal, type Format } from '@slipway/image';
import { parseImageFiles } from '@slipway/image-spec';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const cacheDir = join(import.meta.dirname, '..', '..', '.slipway', 'cache');
const BOOT_MS = 900_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-initrd-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const IMAGE = `
kernel: { image: 'deb:kernel', cmdline: console=ttyS0 panic=-1 }
init: ['deb:base']
services:
  - { name: web, image: 'deb:base', command: [/usr/bin/busybox] }
  - { name: other, image: 'deb:base', command: [/usr/bin/busybox], readonly: true }
files:
  - path: init
    mode: '0755'
    contents: |
      #!/usr/bin/busybox sh
      bb=/usr/bin/busybox
      for file in $bb /containers/services/web/lower$bb; do $bb sha256sum $file; done
      $bb stat -c 'secret %a %u %g' /etc/secret
      $bb stat -c 'link %N' /etc/resolv.conf
      $bb ls /containers/services/other
      [ -d /proc/1 ] || $bb mount -t proc proc /proc
      $bb sed 's/^/root /' /proc/mounts
      $bb poweroff -f
  - { path: etc/secret, contents: hidden, uid: web, gid: 7 }
packages:
  kernel: { install: ['linux-image-cloud-\${arch}'], dependencies: ['linux-image-*'] }
  base: { install: [busybox-static], dependencies: none }
`;

const spec = parseImageFiles([{ name: 'image.yml', text: IMAGE }], { paths: 'working-directory' });
const build = async (outDir: string, formats: readonly Format[]) =>
  buildLocal({
    spec,
    arch: 'amd64',
    formats,
    name: 'image',
    outDir: join(folder, outDir),
    baseDir: folder,
    sourceDir: folder,
    cacheDir,
    log: () => undefined,
    progress: () => undefined,
  });

/** @returns what the console says until the machine is off */
const boot = async (args: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(
    'qemu-system-x86_64',
    ['-M', 'q35', '-m', '512', '-nographic', '-no-reboot', '-nic', 'none', ...args],
    { timeout: BOOT_MS, maxBuffer: 2 ** 26 },
  );
  return stdout;
};

const expectRoot = (stdout: string): void => {
  const digests = [...stdout.matchAll(/^([0-9a-f]{64}) {2}\S*\/busybox/gm)].map(([, digest]) => digest);
  expect(digests).toHaveLength(2);
  expect(new Set(digests).size).toBe(1);
  expect(stdout).toContain('secret 600 100 7');
  expect(stdout).toMatch(/link .*\/etc\/resolv\.conf.* -> .*\/run\/resolvconf\/resolv\.conf/);
  expect(stdout).toMatch(/config\.json\s+rootfs\s+runtime\.json/);
};

test('a kernel unpacks and starts the initrd, built cold and built from cached segments', async () => {
  const { files } = await build('one', ['kernel+initrd']);
  expect((await build('two', ['kernel+initrd'])).files).toEqual(files);

  const at = (name: string): string => join(folder, 'two', name);
  const command = await readFile(at('image-cmdline'), 'utf8');
  expectRoot(
    await boot(['-kernel', at('image-kernel'), '-initrd', at('image-initrd.img'), '-append', command]),
  );
});

test.each(['squashfs', 'erofs'] as const)(
  'a kernel mounts the root of kernel+%s from a disk',
  async (kind) => {
    await build(kind, [`kernel+${kind}`]);
    const at = (name: string): string => join(folder, kind, `image-${name}`);
    const command = `${await readFile(at('cmdline'), 'utf8')} root=/dev/vda`;
    const drive = `if=virtio,format=raw,readonly=on,file=${at(`${kind}.img`)}`;
    const stdout = await boot(
      ['-kernel', at('kernel'), '-initrd', at(`${kind}-initrd.img`), '-append', command].concat([
        '-drive',
        drive,
      ]),
    );
    expectRoot(stdout);
    expect(stdout).toContain(`root /dev/vda / ${kind} ro`);
  },
);

const firmware = async (): Promise<string[]> => {
  const variables = join(folder, 'vars.fd');
  await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  return [
    ['-drive', 'if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'],
    ['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
  ].flat();
};

test('the firmware of a PC starts an image from a CD', async () => {
  await build('iso', ['iso-efi']);
  const stdout = await boot([...(await firmware()), '-cdrom', join(folder, 'iso', 'image-efi.iso')]);
  expect(stdout).toMatch(/starting Boot\d+ "UEFI QEMU DVD-ROM/);
  expectRoot(stdout);
});
