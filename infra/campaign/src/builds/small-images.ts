import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeKey, writeSuite, type MadePackage } from '@slipway/components/testing';
import { APPLETS, kernelModuleFile, noise, peStub } from '@slipway/image/testing';

const MODULES = 'usr/lib/modules/6.1.0-small/kernel';

/** @param machine as the header of a PE file numbers it */
const stubFor = (machine: number): Uint8Array => {
  const stub = peStub();
  const pe = stub.readUInt32LE(0x3c);
  stub.writeUInt16LE(machine, pe + 4);
  // With a place for a signature.
  stub.writeUInt32LE(16, pe + 24 + 108);
  return stub;
};

/**
 * The packages that the smallest image takes, made here: what is built of them is whole, with root, UKI and bundle, but
 * no machine starts it.
 */
const PACKAGES: readonly MadePackage[] = [
  {
    name: 'small-kernel',
    version: '6.1.0-1',
    arch: 'all',
    files: {
      'boot/vmlinuz-6.1.0-small': noise('kernel', 20_000),
      [`${MODULES}/virtio_blk.ko`]: kernelModuleFile({ name: 'virtio_blk' }),
      [`${MODULES}/dm-mod.ko`]: kernelModuleFile({ name: 'dm_mod' }),
      [`${MODULES}/dm-verity.ko`]: kernelModuleFile({ name: 'dm_verity', depends: 'dm-bufio,dm-mod' }),
      [`${MODULES}/dm-bufio.ko`]: kernelModuleFile({ name: 'dm_bufio', depends: 'dm-mod' }),
      [`${MODULES}/overlay.ko`]: kernelModuleFile({ name: 'overlay' }),
    },
  },
  { name: 'busybox', version: '1', arch: 'all', files: { 'usr/bin/busybox': `${APPLETS.join('\0')}\0\0` } },
  { name: 'crun', version: '1', arch: 'all', files: { 'usr/bin/crun': 'crun' } },
  {
    name: 'e2fsprogs',
    version: '1',
    arch: 'all',
    files: Object.fromEntries(
      ['e2fsck', 'mke2fs', 'mkfs.ext4'].map((name) => [`usr/sbin/${name}`, name] as const),
    ),
  },
  {
    name: 'systemd-boot-efi',
    version: '1',
    arch: 'all',
    files: {
      'usr/lib/systemd/boot/efi/linuxx64.efi.stub': stubFor(0x8664),
      'usr/lib/systemd/boot/efi/linuxaa64.efi.stub': stubFor(0xaa64),
      'usr/lib/systemd/boot/efi/systemd-bootx64.efi': stubFor(0x8664),
    },
  },
];

export const SMALL_CLASSES = ['small-a', 'small-b', 'small-c', 'small-d'] as const;

/** An image repository with four classes of two architectures, and the archive of packages that it names. */
export const makeSmallImages = async (folder: string): Promise<string> => {
  const images = join(folder, 'images');
  const archive = join(folder, 'archive');
  const key = await makeKey(folder);
  await writeSuite(archive, 'stable', PACKAGES, key);
  const files: Record<string, string> = {
    'archive.asc': key.publicKey,
    'small.yml': `agent: { enabled: false }
kernel: { image: 'deb:kernel' }
packages:
  kernel: { install: [small-kernel], dependencies: none }
debian:
  - { uri: 'file:${archive}', suites: [stable], keyring: archive.asc }
`,
  };
  for (const [at, name] of SMALL_CLASSES.entries())
    files[`classes/${name}.yml`] = `name: ${name}
arch: ${at % 2 === 0 ? 'amd64' : 'arm64'}
images: [../small.yml]
outputs: []
`;
  await key.close();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(images, name)), { recursive: true });
    await writeFile(join(images, name), text);
  }
  return images;
};
