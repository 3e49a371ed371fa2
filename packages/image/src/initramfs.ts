import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress } from 'node:zlib';
import { encodeCpio, markUsed, writeAtomically, type Tree } from '@slipway/components';
import type { Arch } from '@slipway/protocol';
import { MODULE_PARAMETERS } from './drivers.ts';
import { earlyProgram } from './early-program.ts';
import type { KernelModule } from './kernel-modules.ts';
import type { Memo } from './shared-work.ts';
import { putDirectory, putFile } from './tree-edit.ts';

/** Modules by the list from which `early/init.c` loads them, each after what it needs. */
export type InitramfsModules = Readonly<
  Record<'evidence' | 'watchdog' | 'softdog' | 'hash' | 'first' | 'disks', readonly KernelModule[]>
>;

/** Lists of an image without slots. */
export type PlainModules = Pick<InitramfsModules, 'first' | 'disks'>;

/** The slowest that does not ask for more memory than small devices have. */
const LEVEL = 19;
/** Changes whenever the same archive would give other bytes; so does the version of the library. */
const VERSION = `slipway initramfs 1, level ${LEVEL}`;

/** Puts the first program, and the modules that it loads, in their order, into a tree. */
const putAll = (arch: Arch, modules: Partial<InitramfsModules>, tree: Tree): Tree => {
  for (const folder of ['dev', 'proc', 'root', 'run', 'sys']) putDirectory(tree, folder);
  const placed = new Set<string>();
  for (const [list, members] of Object.entries(modules)) {
    const fresh = members.filter(({ name }) => !placed.has(name));
    for (const { name, content, from } of fresh) {
      placed.add(name);
      putFile(tree, `modules/${name}.ko`, content, from);
    }
    const lines = fresh.map(({ name }) => `${[name, MODULE_PARAMETERS.get(name) ?? ''].join(' ').trim()}\n`);
    putFile(tree, `modules/${list}`, lines.join(''));
  }
  putFile(tree, 'init', earlyProgram('init', arch), { mode: 0o755 });
  return tree;
};

/** What is in the initramfs of an image with slots. */
export const initramfsTree = (arch: Arch, modules: InitramfsModules): Tree =>
  putAll(arch, modules, new Map());

const COMPRESSION = {
  params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
};
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What was compressed before, if it still unpacks to that: a device that cannot read it does not start. */
const readCompressed = async (path: string, digest: string): Promise<Buffer | undefined> => {
  try {
    const packed = await readFile(path);
    if (digestOf(await decompress(packed)) !== digest) return undefined;
    await markUsed(path);
    return packed;
  } catch {
    return undefined;
  }
};

/**
 * Makes the initramfs of such a tree. To compress it takes longer than all else, so that it is kept in the cache.
 *
 * @param once of what this run makes
 * @returns a zstd-compressed cpio archive; the same input gives the same bytes
 */
export const makeInitramfs = async (
  tree: Tree,
  { cacheDir, once }: { readonly cacheDir: string; readonly once: Memo<Buffer> },
): Promise<Buffer> => {
  const bytes = encodeCpio(tree);
  const digest = digestOf(bytes);
  const key = digestOf(Buffer.from(`${VERSION} ${process.versions['zstd'] ?? ''} ${digest}`));
  return once(key, async () => {
    const path = join(cacheDir, 'initramfs', key.slice(0, 2), `${key}.zst`);
    const known = await readCompressed(path, digest);
    if (known !== undefined) return known;
    const packed = await compress(bytes, COMPRESSION);
    await writeAtomically(path, packed);
    return packed;
  });
};

/**
 * The initramfs of an image without slots, which mounts what the kernel command line calls `root=`.
 *
 * @param rootType file system of the root
 */
export const makePlainInitramfs = (arch: Arch, modules: PlainModules, rootType: string): Buffer => {
  const tree: Tree = new Map();
  // By it the first program knows what it is to do; no line break, as it is handed to the kernel.
  putFile(tree, 'root-type', rootType);
  return zstdCompressSync(encodeCpio(putAll(arch, modules, tree)), COMPRESSION);
};
