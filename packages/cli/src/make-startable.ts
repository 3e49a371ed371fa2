import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_NAME, SlipwayError, UKI_NAME, type Arch } from '@slipway/protocol';
import type { Image, StartableImage } from '@slipway/vm';

export type StartableOptions = {
  /** exists; of this machine alone */
  readonly scratch: string;
  /** of which image in a container's archive */
  readonly arch: Arch | undefined;
  /** where packages are kept */
  readonly cacheDir: string;
};

/**
 * Makes of an image what a machine starts from: of files and containers their kernel and initrd, of a bundle the disk of
 * a device that runs its release. Signatures of bundles are not looked at.
 *
 * @throws {SlipwayError} USAGE where there is no kernel; COMPONENT_NOT_FOUND, COMPONENT_INVALID, TOOL_FAILED, and those of
 *   packages
 */
export const makeStartable = async (
  { path, of }: Extract<Image, { type: 'other' }>,
  { scratch, arch, cacheDir }: StartableOptions,
): Promise<StartableImage> => {
  const { kernelFilesOf, makeBundleDisk } = await import('@slipway/image');
  const { findKernel, untar } = await import('@slipway/vm');
  if (of !== 'bundle') return findKernel(await kernelFilesOf({ path, of, arch, folder: scratch }));
  await untar(path, scratch);
  const at = (name: string): string => join(scratch, name);
  const [uki, rootImage, out] = [at(UKI_NAME), at(ROOT_NAME), at('bundle.img')] as const;
  if (![uki, rootImage].every((file) => existsSync(file)))
    throw new SlipwayError(
      'USAGE',
      `${path}: expected an update bundle with ${UKI_NAME} and ${ROOT_NAME}, found a tar with manifest.json and without these`,
      { details: { path } },
    );
  await makeBundleDisk({ uki, rootImage, out, cacheDir });
  return { type: 'disk', path: out, format: 'raw' };
};
