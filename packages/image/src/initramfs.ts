import { zstdCompressSync, constants } from 'node:zlib';
import { encodeCpio, type Tree } from '@slipway/components';
import type { Arch } from '@slipway/protocol';
import { MODULE_PARAMETERS } from './drivers.ts';
import { earlyProgram } from './early-program.ts';
import type { KernelModule } from './kernel-modules.ts';
import { putDirectory, putFile } from './tree-edit.ts';

/** Modules by the list from which `early/init.c` loads them, each after what it needs. */
export type InitramfsModules = Readonly<
  Record<'evidence' | 'watchdog' | 'softdog' | 'hash' | 'first' | 'disks', readonly KernelModule[]>
>;

/** Lists of an image without slots. */
export type PlainModules = Pick<InitramfsModules, 'first' | 'disks'>;

/** The slowest that does not ask for more memory than small devices have. */
const LEVEL = 19;

/**
 * Makes the initramfs: the first program, and the modules that it loads, in their order.
 *
 * @returns a zstd-compressed cpio archive; the same input gives the same bytes
 */
export const makeInitramfs = (arch: Arch, modules: InitramfsModules): Buffer =>
  archive(arch, modules, new Map());

/**
 * The initramfs of an image without slots, which mounts what the kernel command line calls `root=`.
 *
 * @param rootType file system of the root
 */
export const makePlainInitramfs = (arch: Arch, modules: PlainModules, rootType: string): Buffer => {
  const tree: Tree = new Map();
  // By it the first program knows what it is to do; no line break, as it is handed to the kernel.
  putFile(tree, 'root-type', rootType);
  return archive(arch, modules, tree);
};

const archive = (arch: Arch, modules: Partial<InitramfsModules>, tree: Tree): Buffer => {
  for (const folder of ['dev', 'proc', 'root', 'run', 'sys']) putDirectory(tree, folder);
  const placed = new Set<string>();
  for (const [list, members] of Object.entries(modules)) {
    const fresh = members.filter(({ name }) => !placed.has(name));
    for (const { name, content } of fresh) {
      placed.add(name);
      putFile(tree, `modules/${name}.ko`, content);
    }
    const lines = fresh.map(({ name }) => `${[name, MODULE_PARAMETERS.get(name) ?? ''].join(' ').trim()}\n`);
    putFile(tree, `modules/${list}`, lines.join(''));
  }
  putFile(tree, 'init', earlyProgram('init', arch), { mode: 0o755 });
  return zstdCompressSync(encodeCpio(tree), {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  });
};
