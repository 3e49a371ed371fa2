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

/** The slowest that does not ask for more memory than small devices have. */
const LEVEL = 19;

/**
 * Makes the initramfs: the first program, and the modules that it loads, in their order.
 *
 * @returns a zstd-compressed cpio archive; the same input gives the same bytes
 */
export const makeInitramfs = (arch: Arch, modules: InitramfsModules): Buffer => {
  const tree: Tree = new Map();
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
