import type { Tree } from '@slipway/components';
import { expect, test } from 'vitest';
import { kernelModuleFile } from './fixture/kernel-module.ts';
import { kernelModules } from './kernel-modules.ts';
import { textAt } from './resolve-path.ts';
import { addRootModules } from './root-modules.ts';
import { putFile } from './tree-edit.ts';

test('modprobe finds all that a module needs in its line, and a module by the names that the kernel asks for', async () => {
  const kernel: Tree = new Map();
  const modules = {
    chacha: {},
    cipher: { depends: 'chacha' },
    tunnel: { depends: 'already' },
    already: {},
    guard: { depends: 'cipher,tunnel', alias: 'rtnl-link-guard' },
  };
  for (const [name, info] of Object.entries(modules))
    putFile(kernel, `lib/modules/6.1.0/kernel/${name}.ko`, kernelModuleFile({ name, ...info }));
  const found = kernelModules(kernel);
  const tree: Tree = new Map();
  const loaded = await found.closure(['already']);
  await addRootModules(tree, found, { atStart: [], spare: ['guard'] }, loaded, 'kernel');
  const folder = 'usr/lib/modules/6.1.0';
  expect(textAt(tree, `${folder}/modules.dep`).split('\n')).toEqual([
    'kernel/chacha.ko:',
    'kernel/cipher.ko: kernel/chacha.ko',
    'kernel/tunnel.ko:',
    'kernel/guard.ko: kernel/tunnel.ko kernel/cipher.ko kernel/chacha.ko',
    '',
  ]);
  expect(textAt(tree, `${folder}/modules.alias`)).toBe('alias rtnl-link-guard guard\n');
  expect(tree.get('usr/sbin/modprobe')).toMatchObject({ target: '../bin/busybox' });
});
