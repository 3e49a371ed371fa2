import { parseReference } from '@slipway/image-spec';
import type { Component, ResolveOptions } from './component.ts';
import { readDebianComponent } from './debian/component.ts';
import { readOciComponent } from './oci-reader.ts';

/**
 * Reads a component into memory.
 *
 * @param ref `oci:PATH[:TAG]` or `deb:NAME`, relative to the image repository
 * @throws {SlipwayError} COMPONENT_REF_INVALID, COMPONENT_NOT_FOUND, COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH,
 *   LAYER_UNSAFE, PACKAGE_NOT_FOUND, PACKAGE_FETCH_FAILED
 */
export const resolveComponent = async (ref: string, options: ResolveOptions): Promise<Component> => {
  const reference = parseReference(ref);
  return reference.type === 'oci'
    ? readOciComponent(reference, options)
    : readDebianComponent(reference.name, options);
};
