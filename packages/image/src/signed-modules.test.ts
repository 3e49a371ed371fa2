import type { Tree } from '@slipway/components';
import { expect, test } from 'vitest';
import { needSignedModules } from './signed-modules.ts';
import { putFile } from './tree-edit.ts';

const kernel = (config: string): Tree => {
  const tree: Tree = new Map();
  putFile(tree, 'boot/config-6.12.1', `CONFIG_MODULE_SIG=y\n${config}\n`);
  return tree;
};

test.each([
  ['nothing asks for it', kernel('# CONFIG_MODULE_SIG_FORCE is not set'), false, 'quiet', false],
  ['Secure Boot', kernel(''), true, '', true],
  ['the configuration', kernel('CONFIG_MODULE_SIG_FORCE=y'), false, '', true],
  ['lockdown by configuration', kernel('CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y'), false, '', true],
  ['the command line', kernel(''), false, 'quiet module.sig_enforce=1', true],
  ['lockdown by command line', kernel(''), false, 'lockdown=integrity quiet', true],
  ['a configuration that is not there', new Map(), false, '', true],
])('%s', (_why, tree, secureBoot, commandLine, needed) => {
  expect(needSignedModules(tree, secureBoot, commandLine)).toBe(needed);
});
