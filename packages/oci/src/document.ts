import { z } from 'zod';
import { failure } from './failures.ts';
import { parseJson } from './json.ts';
import { Index, INDEX_TYPES, Manifest, MANIFEST_TYPES } from './oci-schema.ts';

export type ImageDocument =
  | { readonly kind: 'index'; readonly index: Index }
  | { readonly kind: 'manifest'; readonly manifest: Manifest };

const Shape = z.looseObject({
  schemaVersion: z.unknown().optional(),
  mediaType: z.unknown().optional(),
  manifests: z.unknown().optional(),
  config: z.unknown().optional(),
  layers: z.unknown().optional(),
});

/**
 * Parses a manifest or an index; what it holds says which one it is. A document that could be read as either is
 * refused, because two readers of the same digest would see two images.
 *
 * @throws {SlipwayError} COMPONENT_INVALID
 */
export const parseDocument = (bytes: Uint8Array, ref: string, what: string): ImageDocument => {
  const shape = parseJson(bytes, Shape, ref, what);
  if (shape.schemaVersion === 1)
    throw failure(
      'COMPONENT_INVALID',
      ref,
      `${what} is a manifest of Docker's schema 1, which nothing has written since 2019; push the image again with a current tool`,
    );
  const listed = shape.manifests !== undefined;
  const single = shape.config !== undefined || shape.layers !== undefined;
  if (listed && single)
    throw failure(
      'COMPONENT_INVALID',
      ref,
      `${what} claims to be an index and a manifest at once; do not use it`,
    );
  const allowed: readonly unknown[] = listed ? INDEX_TYPES : MANIFEST_TYPES;
  if (shape.mediaType !== undefined && !allowed.includes(shape.mediaType))
    throw failure(
      'COMPONENT_INVALID',
      ref,
      `${what}: mediaType ${JSON.stringify(shape.mediaType)} does not fit the content; expected one of ${allowed.join(', ')}`,
    );
  return listed
    ? { kind: 'index', index: parseJson(bytes, Index, ref, what) }
    : { kind: 'manifest', manifest: parseJson(bytes, Manifest, ref, what) };
};
