import { listed, SECTIONS, type ImagePart } from '../image-part.ts';
import { CONFIG_LABEL, mergeContainer } from '../merge-container.ts';
import type { LintedContainer } from './lint-containers.ts';

/** What an image says of itself: the part of its OCI configuration that counts here. */
export type ImageFacts = {
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly User?: string | undefined;
};

/**
 * Every container as it will be: the label of its image, overridden by the image file.
 *
 * @param factsOf nothing for images made of packages, or where images are not looked at
 * @throws {SlipwayError} as `mergeContainer`, and what `factsOf` throws
 */
export const mergedContainers = async (
  parts: readonly ImagePart[],
  factsOf: (ref: string) => Promise<ImageFacts | undefined>,
): Promise<LintedContainer[]> => {
  const merged: LintedContainer[] = [];
  for (const section of SECTIONS)
    for (const { doc, path, value } of listed(parts, section)) {
      const facts = await factsOf(value.image);
      merged.push({
        doc,
        path,
        section,
        value: mergeContainer(value, facts?.Labels?.[CONFIG_LABEL]),
        imageUser: facts?.User,
      });
    }
  return merged;
};
