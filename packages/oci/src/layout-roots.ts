import type { Digest } from '@slipway/protocol';
import { failure } from './failures.ts';
import type { Root } from './find-manifest.ts';
import { REF_NAME, type Descriptor } from './oci-schema.ts';

const nameOf = ({ annotations }: Descriptor): string | undefined =>
  annotations?.[REF_NAME] ?? annotations?.['io.containerd.image.name'];

/** podman and LinuxKit's cache write the whole reference where others write the tag. */
const endsWith = (tag: string) => (name: string | undefined) => name?.endsWith(`:${tag}`) === true;

/**
 * What a tag of a layout's `index.json` means: usually one index or manifest, or several manifests of one name that
 * differ in their platform. Without a tag: the only image there, else `latest`.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, which lists the tags there
 */
export const rootsOfTag = (
  descriptors: readonly Descriptor[],
  tag: string | undefined,
  ref: string,
): readonly Descriptor[] => {
  const named = (wanted: string): readonly Descriptor[] => {
    const exact = descriptors.filter((descriptor) => nameOf(descriptor) === wanted);
    if (exact.length > 0) return exact;
    const ending = descriptors.filter((descriptor) => endsWith(wanted)(nameOf(descriptor)));
    return new Set(ending.map(nameOf)).size === 1 ? ending : [];
  };
  const sole = new Set(descriptors.map(nameOf)).size === 1;
  const found = tag !== undefined ? named(tag) : sole ? descriptors : named('latest');
  if (found.length > 0) return found;
  const tags = descriptors.map(nameOf).filter((name) => name !== undefined);
  throw failure(
    'COMPONENT_NOT_FOUND',
    ref,
    `${tag === undefined ? 'there is more than one image; name a tag' : `there is no tag ${tag}`}; ` +
      `tags there: ${tags.join(', ') || 'none'}`,
    { details: { tags } },
  );
};

/** A digest names any blob of the layout, whether `index.json` lists it or not. */
export const rootsOfDigest = (descriptors: readonly Descriptor[], digest: Digest): readonly Root[] => [
  descriptors.find((descriptor) => descriptor.digest === digest) ?? { digest, size: undefined },
];
