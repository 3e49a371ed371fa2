import { zstdCompressSync, constants } from 'node:zlib';
import { encodeCpio, type Tree } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { busyboxApplets } from './busybox.ts';
import type { INITRAMFS_MODULES } from './drivers.ts';
import { elfNeeds } from './elf.ts';
import { guestScript } from './guest-script.ts';
import type { KernelModule } from './kernel-modules.ts';
import { bytesAt } from './resolve-path.ts';
import { putDirectory, putFile, putSymlink } from './tree-edit.ts';

const LIBRARY_FOLDERS = [
  'usr/lib/x86_64-linux-gnu',
  'usr/lib/aarch64-linux-gnu',
  'lib/x86_64-linux-gnu',
  'lib/aarch64-linux-gnu',
  'usr/lib',
  'lib',
];

const missing = (what: string) =>
  new SlipwayError(
    'COMPONENT_INVALID',
    `initramfs: expected ${what} in the boot components, which is not there`,
  );

/** Copies a program and every library it loads; returns the program. */
const addProgram = (initramfs: Tree, components: Tree, source: string, target: string): Uint8Array => {
  const program = bytesAt(components, source);
  if (program === undefined) throw missing(source);
  putFile(initramfs, target, program, { mode: 0o755 });
  const { interpreter, libraries } = elfNeeds(program);
  if (interpreter !== undefined) {
    const loader = bytesAt(components, interpreter) ?? bytesAt(components, `usr${interpreter}`);
    if (loader === undefined) throw missing(interpreter);
    putFile(initramfs, interpreter.slice(1), loader, { mode: 0o755 });
  }
  const pending = [...libraries];
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const path = `lib/${name}`;
    if (initramfs.has(path)) continue;
    const library = LIBRARY_FOLDERS.map((folder) => bytesAt(components, `${folder}/${name}`)).find(
      (file) => file !== undefined,
    );
    if (library === undefined) throw missing(`library ${name}`);
    putFile(initramfs, path, library, { mode: 0o755 });
    pending.push(...elfNeeds(library).libraries);
  }
  return program;
};

/** Modules by the group in which the initramfs loads them, each after what it needs. */
export type InitramfsModules = Readonly<Record<keyof typeof INITRAMFS_MODULES, readonly KernelModule[]>>;

/**
 * Makes the initramfs: a static busybox, dmsetup, the modules in the order in which they load, and a script.
 *
 * @param components files that hold busybox-static and dmsetup with its libraries
 * @returns a zstd-compressed cpio archive; the same input gives the same bytes
 * @throws {SlipwayError} COMPONENT_INVALID
 */
export const makeInitramfs = (components: Tree, modules: InitramfsModules): Buffer => {
  const tree: Tree = new Map();
  for (const folder of ['bin', 'dev', 'lib', 'proc', 'root', 'run', 'sys']) putDirectory(tree, folder);
  const busybox = addProgram(tree, components, 'usr/bin/busybox', 'bin/busybox');
  // Debian's busybox shell looks for programs on the PATH, also for those it holds itself.
  for (const name of busyboxApplets(busybox))
    if (name !== 'busybox') putSymlink(tree, `bin/${name}`, 'busybox');
  addProgram(tree, components, 'usr/sbin/dmsetup', 'bin/dmsetup');
  const placed = new Set<string>();
  for (const [group, list] of Object.entries(modules)) {
    const fresh = list.filter(({ name }) => !placed.has(name));
    for (const { name, content } of fresh) {
      placed.add(name);
      putFile(tree, `modules/${name}.ko`, content);
    }
    putFile(tree, `modules/${group}`, fresh.map(({ name }) => `${name}\n`).join(''));
  }
  putFile(tree, 'init', guestScript('initramfs'), { mode: 0o755 });
  return zstdCompressSync(encodeCpio(tree), {
    params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 },
  });
};
