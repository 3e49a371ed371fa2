import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@slipway/components';
import { hostArch, SlipwayError, type Arch } from '@slipway/protocol';
import { bootFiles } from '../outputs/boot-files.ts';
import { kernelInitrd } from '../outputs/kernel-initrd.ts';
import { createStaging } from '../outputs/staging.ts';
import { containerTree, tarTree, type ContainerArchive } from './archive-tree.ts';

export type StartableArchive = {
  readonly path: string;
  /** `tar`: the files themselves; else an image with them as its layers */
  readonly of: 'tar' | ContainerArchive['type'];
  /** of which image in it; absent: whichever there is */
  readonly arch?: Arch | undefined;
  /** scratch, which exists */
  readonly folder: string;
};

const NAME = 'image';

const treeOf = ({ path, of, arch }: StartableArchive, cacheDir: string): Promise<Tree> =>
  of === 'tar' ? tarTree(path, cacheDir) : containerTree({ type: of, path }, cacheDir, arch);

/**
 * Makes `kernel+initrd` of the same image in another format.
 *
 * @returns where the files are, without what their names end in
 * @throws {SlipwayError} USAGE if there is no kernel in it; COMPONENT_NOT_FOUND, COMPONENT_INVALID, LAYER_UNSAFE
 */
export const kernelFilesOf = async (archive: StartableArchive): Promise<string> => {
  const cacheDir = join(archive.folder, 'cache');
  await mkdir(cacheDir, { recursive: true });
  const tree = await treeOf(archive, cacheDir);
  if (bootFiles(tree).kernel === undefined)
    throw new SlipwayError(
      'USAGE',
      `${archive.path}: expected an image with a kernel (boot/kernel), found ${archive.of === 'tar' ? 'a tar of files' : 'a container image'} without one; build kernel+initrd or raw-efi from its image file`,
      { details: { path: archive.path } },
    );
  const staging = await createStaging(archive.folder);
  await kernelInitrd({
    tree,
    arch: archive.arch ?? hostArch(process.arch),
    name: NAME,
    cacheDir,
    staging,
    efiPrograms: () => Promise.reject(new Error('a kernel with its initrd needs no programs of UEFI')),
    digests: false,
  });
  await staging.commit();
  return join(archive.folder, NAME);
};
