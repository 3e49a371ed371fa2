import { join } from 'node:path';
import { archiveOrder, type Piece, type Tree, type TreeEntry } from '@slipway/components';
import type { Arch } from '@slipway/protocol';
import { uuidOf } from '@slipway/sbom';
import { USUAL_DRIVERS } from '../drivers.ts';
import { writeCompressedErofs } from '../erofs.ts';
import { makePlainInitramfs } from '../initramfs.ts';
import { hasKernelModules, kernelModules } from '../kernel-modules.ts';
import { GENERATED_MTIME } from '../linuxkit/generated.ts';
import { writeSquashfs } from '../squashfs.ts';
import { bootFiles, requireBootKernel } from './boot-files.ts';
import { addOutput, writeOutput, writeShared, type WriteOutput } from './output.ts';

type RootType = 'squashfs' | 'erofs';

const writeRoot = async (type: RootType, entries: readonly TreeEntry[], image: string, name: string) =>
  type === 'squashfs'
    ? writeSquashfs(entries, { image, seconds: GENERATED_MTIME })
    : writeCompressedErofs(entries, { image, uuid: uuidOf(`root ${name}`), seconds: GENERATED_MTIME });

/**
 * What a kernel needs that has the file system or the drivers of disks as modules, which lie in the very root that is to
 * be mounted; undefined for one that has them built in.
 */
const rootInitramfs = async (tree: Tree, arch: Arch, type: RootType): Promise<Buffer | undefined> => {
  if (!hasKernelModules(tree)) return undefined;
  const modules = kernelModules(tree);
  const first = await modules.closure([...USUAL_DRIVERS.first, 'crc32c_generic', type]);
  const disks = await modules.closure(USUAL_DRIVERS.disks);
  return first.length + disks.length === 0 ? undefined : makePlainInitramfs(arch, { first, disks }, type);
};

/** The image as the root file system of a disk, its kernel and command line beside it. */
const kernelRoot =
  (type: RootType): WriteOutput =>
  async (input) => {
    const { tree, arch, name, staging } = input;
    const boot = bootFiles(tree);
    const kernel = requireBootKernel(boot, `kernel+${type}`);
    const entries = archiveOrder(tree).filter(({ path }) => !path.startsWith('boot/'));
    const suffix = `-${type}.img`;
    await writeRoot(type, entries, join(staging.folder, `${name}${suffix}`), name);
    const initramfs = await rootInitramfs(tree, arch, type);
    const initrd: Piece[] = [boot.ucode, initramfs].filter((piece) => piece !== undefined);
    const files = [...(await writeShared(input, '-kernel', [kernel])), await addOutput(input, suffix)];
    if (initrd.length > 0) files.push(await writeOutput(input, `-${type}-initrd.img`, initrd));
    if (boot.cmdline !== undefined) files.push(...(await writeShared(input, '-cmdline', [boot.cmdline])));
    return files;
  };

export const kernelSquashfs = kernelRoot('squashfs');
export const kernelErofs = kernelRoot('erofs');
