import type { Tree } from '@slipway/components';
import { expect, test } from 'vitest';
import { GENERATED, putFile } from '../tree-edit.ts';
import { ukiContents } from './uki-contents.ts';

test('parts of the UKI and files of its initramfs lie in a folder of their own, each of where it is from', () => {
  const initramfs: Tree = new Map();
  putFile(initramfs, 'init', 'first program', { mode: 0o755 });
  putFile(initramfs, 'modules/erofs.ko', 'module', { source: 'deb:linux@6.1' });
  const entries = ukiContents({
    stub: { content: Buffer.from('stub'), source: 'deb:boot@257' },
    kernel: { content: Buffer.from('kernel'), source: 'kernel:1', part: 'deb:linux@6.1', location: 'kernel' },
    initramfs,
    commandLine: 'quiet',
  });
  expect([...entries.values()].map(({ path, type, source, part }) => [path, type, part ?? source])).toEqual([
    ['uki.efi', 'directory', GENERATED],
    ['uki.efi/stub', 'file', 'deb:boot@257'],
    ['uki.efi/linux', 'file', 'deb:linux@6.1'],
    ['uki.efi/cmdline', 'file', GENERATED],
    ['uki.efi/initrd', 'directory', GENERATED],
    ['uki.efi/initrd/init', 'file', GENERATED],
    ['uki.efi/initrd/modules', 'directory', GENERATED],
    ['uki.efi/initrd/modules/erofs.ko', 'file', 'deb:linux@6.1'],
  ]);
});
