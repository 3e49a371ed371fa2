import type { Tree } from '@slipway/components';
import { BOOT_MODULES } from './drivers.ts';
import type { KernelModule, KernelModules } from './kernel-modules.ts';
import { putFile, putSymlink } from './tree-edit.ts';

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
  // As depmod writes it: all that a module needs, what must be first last. busybox looks at no line but the module's own.
  const needs = new Map<string, ReadonlySet<string>>();
  for (const { name, depends } of all)
    needs.set(name, new Set(depends.flatMap((one) => [one, ...(needs.get(one) ?? [])])));
  const dependencies = all.map(({ name }) => {
    const needed = all.filter((one) => needs.get(name)?.has(one.name)).reverse();
    return `${path(name)}:${needed.map((one) => ` ${path(one.name)}`).join('')}\n`;
  });
  putFile(tree, `${folder}/modules.dep`, dependencies.join(''), { source });
  const spare = new Set(names.spare.map((name) => name.replaceAll('-', '_')));
  const aliases = all
    .filter(({ name }) => spare.has(name))
    .flatMap(({ name, aliases: others }) => others.map((alias) => `alias ${alias} ${name}\n`));
  // The kernel asks for a kind of interface or file system by such a name, when the first of it is made.
  putFile(tree, `${folder}/modules.alias`, aliases.join(''), { source });
  if (tree.get('usr/sbin/modprobe') === undefined) putSymlink(tree, 'usr/sbin/modprobe', '../bin/busybox');
  putFile(tree, 'usr/lib/slipway/modules', boot.map(({ name }) => `/${folder}/${path(name)}\n`).join(''), {
    source,
  });
};
