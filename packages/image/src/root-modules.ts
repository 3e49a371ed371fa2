import type { Tree } from '@slipway/components';
import { BOOT_MODULES } from './drivers.ts';
import type { KernelModule, KernelModules } from './kernel-modules.ts';
import { putFile } from './tree-edit.ts';

/**
 * Adds kernel modules to a root tree, uncompressed, because what is compressed on disk makes every delta larger: those
 * loaded at start in `usr/lib/slipway/modules` in their order, the others for `modprobe`.
 *
 * @param names what this image needs beside the usual: `atStart` is loaded, `spare` is there
 * @param alreadyLoaded by the initramfs; what `modprobe` may be asked to load on top of it is told in `modules.dep`
 * @throws {SlipwayError} SPEC_INVALID if the kernel has no such module
 */
export const addRootModules = async (
  tree: Tree,
  kernel: KernelModules,
  names: { readonly atStart: readonly string[]; readonly spare: readonly string[] },
  alreadyLoaded: readonly KernelModule[],
  source: string,
): Promise<void> => {
  kernel.requireAll(names.spare, 'modules');
  const loaded = new Set(alreadyLoaded.map(({ name }) => name));
  const missing = (modules: readonly KernelModule[]) => modules.filter(({ name }) => !loaded.has(name));
  const boot = missing(await kernel.closure([...names.atStart, ...BOOT_MODULES]));
  const all = missing(await kernel.closure([...names.atStart, ...BOOT_MODULES, ...names.spare]));
  const folder = `usr/lib/modules/${kernel.release}`;
  const path = (name: string) => `kernel/${name}.ko`;
  for (const { name, content } of all) putFile(tree, `${folder}/${path(name)}`, content, { source });
  const dependencies = all.map(
    ({ name, depends }) =>
      `${path(name)}:${depends
        .filter((dependency) => !loaded.has(dependency))
        .map((dependency) => ` ${path(dependency)}`)
        .join('')}\n`,
  );
  putFile(tree, `${folder}/modules.dep`, dependencies.join(''), { source });
  putFile(tree, 'usr/lib/slipway/modules', boot.map(({ name }) => `/${folder}/${path(name)}\n`).join(''), {
    source,
  });
};
