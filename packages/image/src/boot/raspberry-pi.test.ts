import type { Tree } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { putFile } from '../tree-edit.ts';
import { firstAutoboot, raspberryPiFiles } from './raspberry-pi.ts';

const DEBIAN = [
  'usr/lib/u-boot/rpi_arm64/u-boot.bin',
  'usr/lib/linux-image-6.12.0-arm64/broadcom/bcm2711-rpi-4-b.dtb',
  'usr/lib/linux-image-6.12.0-arm64/broadcom/northstar.dtb',
  'usr/lib/linux-image-6.12.0-arm64/overlays/disable-bt.dtbo',
  'usr/lib/raspi-firmware/bootcode.bin',
  'usr/lib/raspi-firmware/start4.elf',
  'usr/lib/raspi-firmware/fixup4.dat',
  'boot/vmlinuz-6.12.0-arm64',
];

const treeOf = (paths: readonly string[], own: Readonly<Record<string, string>> = {}): Tree => {
  const tree: Tree = new Map();
  for (const path of paths) putFile(tree, path, `Debian's ${path.slice(path.lastIndexOf('/') + 1)}`);
  for (const [path, content] of Object.entries(own)) putFile(tree, path, content);
  return tree;
};
type Files = readonly { readonly path: string; readonly content: Uint8Array }[];
const textOf = (files: Files, path: string): string | undefined => {
  const found = files.find((file) => file.path === path);
  return found === undefined ? undefined : Buffer.from(found.content).toString();
};

test('each slot has firmware, U-Boot and device trees of its own, and the word that names it', () => {
  const { first, boot } = raspberryPiFiles(treeOf(DEBIAN));
  expect(boot.a.map(({ path }) => path).sort()).toEqual([
    'bcm2711-rpi-4-b.dtb',
    'cmdline.txt',
    'config.txt',
    'fixup4.dat',
    'overlays/disable-bt.dtbo',
    'start4.elf',
    'u-boot.bin',
  ]);
  const differing = boot.a.filter(
    ({ path, content }) => textOf(boot.b, path) !== Buffer.from(content).toString(),
  );
  expect(differing.map(({ path }) => path)).toEqual(['cmdline.txt']);
  expect([textOf(boot.a, 'cmdline.txt'), textOf(boot.b, 'cmdline.txt')]).toEqual([
    'slipway.slot=a\n',
    'slipway.slot=b\n',
  ]);
  expect(textOf(boot.a, 'config.txt')).toMatch(/^kernel=u-boot\.bin$/m);
  // What the ROM of older models loads lies where it looks.
  expect(first.map(({ path }) => path)).toEqual(['autoboot.txt', 'bootcode.bin']);
});

test('what the component has in rpi/ goes before what Debian has, and its settings before ours', () => {
  const own = { 'rpi/start4.elf': 'another', 'rpi/config.txt': 'dtparam=i2c_arm=on\n[pi4]\nkernel=x\n' };
  const { boot } = raspberryPiFiles(treeOf(DEBIAN, own));
  expect(textOf(boot.b, 'start4.elf')).toBe('another');
  const config = textOf(boot.b, 'config.txt') ?? '';
  expect(config).toMatch(/^dtparam=i2c_arm=on\n\[pi4\]\nkernel=x\n\n\[all\]\n/);
  expect(config.lastIndexOf('kernel=u-boot.bin')).toBeGreaterThan(config.indexOf('kernel=x'));
});

test('autoboot.txt has the size in which the agent rewrites it', () => {
  expect(firstAutoboot()).toHaveLength(256);
});

describe('a kernel component without', () => {
  test.each([
    ['U-Boot', /u-boot/, 'u-boot-rpi'],
    ['device trees', /bcm2711/, 'linux-image-arm64'],
    ['firmware', /start4/, 'raspi-firmware'],
  ])('%s is refused, with the package that mends it', (_title, missing, mend) => {
    const tree = treeOf(DEBIAN.filter((path) => !missing.test(path)));
    const refused = (): unknown => raspberryPiFiles(tree);
    expect(refused).toThrow(SlipwayError);
    expect(refused).toThrow(mend);
  });
});
