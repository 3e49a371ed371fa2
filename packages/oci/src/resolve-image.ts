import { Arch, codeOf, type Digest } from '@slipway/protocol';
import type { ResolvedImage, ResolveOptions } from './image.ts';
import { openSource } from './image-source.ts';
import type { ImageLocation } from './location.ts';

/**
 * What a reference points at now, for every architecture that it has. Unless told otherwise a registry is asked, even
 * if the cache remembers.
 *
 * @throws {SlipwayError} as {@link openImage}
 */
export const resolveImage = async (
  location: ImageLocation,
  options: ResolveOptions,
): Promise<ResolvedImage> => {
  const source = await openSource(location, { pull: 'always', ...options });
  const platforms: Partial<Record<Arch, Digest>> = {};
  let missing: unknown;
  for (const arch of Arch.options)
    try {
      platforms[arch] = (await source.image(arch)).digest;
    } catch (error) {
      if (codeOf(error) !== 'COMPONENT_NOT_FOUND') throw error;
      missing = error;
    }
  const digest = source.digest ?? Object.values(platforms)[0];
  if (digest === undefined || Object.keys(platforms).length === 0) throw missing;
  return { digest, platforms };
};
