import type { Content, Tree } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { fileAt } from '../resolve-path.ts';

/** What a boot loader is given beside the root; each may be absent, as an image need not have a kernel. */
export type BootFiles = {
  readonly kernel: Content | undefined;
  readonly cmdline: Content | undefined;
  /** a cpio that goes before the initrd as it is */
  readonly ucode: Content | undefined;
};

export const bootFiles = (tree: Tree): BootFiles => ({
  kernel: fileAt(tree, 'boot/kernel')?.content,
  cmdline: fileAt(tree, 'boot/cmdline')?.content,
  ucode: fileAt(tree, 'boot/ucode.cpio')?.content,
});

/** @throws {SlipwayError} OUTPUT_UNSUPPORTED */
export const requireBootKernel = ({ kernel }: BootFiles, format: string): Content => {
  if (kernel !== undefined) return kernel;
  throw new SlipwayError(
    'OUTPUT_UNSUPPORTED',
    `expected a kernel for the format ${format}, found an image without one; add kernel.image to the image file, or choose tar`,
    { details: { format } },
  );
};
