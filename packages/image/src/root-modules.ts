import type { Tree } from '@slipway/components';
import { BOOT_MODULES, SPARE_MODULES } from './drivers.ts';
import type { KernelModule, KernelModules } from './kernel-modules.ts';
import { putFile } from './tree-edit.ts';

/**
 * Adds kernel modules to a root tree, uncompressed, because what is compressed on disk makes every delta larger: those
 * loaded at start in `usr/lib/slipway/modules` in their order, the others for `modprobe`.
 *
 * @param alreadyLoaded by the initramfs
 */
export const addRootModules = async (
  tree: Tree,
  kernel: KernelModules,
  alreadyLoaded: readonly KernelModule[],
  source: string,
): Promise<void> => {
  const boot = await kernel.closure(BOOT_MODULES);
  const all = await kernel.closure([...BOOT_MODULES, ...SPARE_MODULES]);
  const folder = `usr/lib/modules/${kernel.release}`;
  const path = (name: string) => `kernel/${name}.ko`;
  for (const { name, content } of all) putFile(tree, `${folder}/${path(name)}`, content, { source });
  const dependencies = all.map(
    ({ name, depends }) => `${path(name)}:${depends.map((dependency) => ` ${path(dependency)}`).join('')}\n`,
  );
  putFile(tree, `${folder}/modules.dep`, dependencies.join(''), { source });
  const loaded = new Set(alreadyLoaded.map(({ name }) => name));
  const order = boot.filter(({ name }) => !loaded.has(name)).map(({ name }) => `/${folder}/${path(name)}\n`);
  putFile(tree, 'usr/lib/slipway/modules', order.join(''), { source });
};
