import { SlipwayError } from '@slipway/protocol';
import type { ImageFile, ImageKernel } from './image-file.ts';

/**
 * For what cannot do without a kernel, as everything that a device starts from.
 *
 * @param file named in the error: the image file, or all of them
 * @throws {SlipwayError} SPEC_INVALID
 */
export const requireKernel = (spec: Pick<ImageFile, 'kernel'>, file: string): ImageKernel => {
  if (spec.kernel !== undefined) return spec.kernel;
  throw new SlipwayError(
    'SPEC_INVALID',
    `${file}: kernel.image is missing: what a device starts from needs a kernel`,
    { details: { file, key: 'kernel' } },
  );
};
