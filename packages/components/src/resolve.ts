import { parseReference } from '@slipway/image-spec';
import type { Component, ResolveOptions } from './component.ts';
import { readDebianComponent } from './debian/component.ts';
import { readOciComponent } from './oci-component.ts';

/**
 * Reads a component: its tree in memory, its contents where they lie in the cache.
 *
 * @param ref as `parseReference` takes it, paths relative to the image repository
 * @throws {SlipwayError} COMPONENT_REF_INVALID, COMPONENT_NOT_FOUND, COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH,
 *   LAYER_UNSAFE, PACKAGE_NOT_FOUND, PACKAGE_FETCH_FAILED, and those of registries
 */
export const resolveComponent = async (ref: string, options: ResolveOptions): Promise<Component> => {
  const reference = parseReference(ref);
  return reference.type === 'deb'
    ? readDebianComponent(reference.name, options)
    : readOciComponent(reference, options);
};
