import { parseReference } from '@slipway/image-spec';
import type { Component, ResolveOptions } from './component.ts';
import { readDebianComponent } from './debian/component.ts';
import { readDockerfileComponent } from './dockerfile/component.ts';
import { readOciComponent } from './oci-component.ts';

/**
 * Reads a component: its tree in memory, its contents where they lie in the cache.
 *
 * @param ref as `parseReference` takes it, paths relative to the image repository
 * @throws {SlipwayError} COMPONENT_REF_INVALID, COMPONENT_NOT_FOUND, COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH,
 *   LAYER_UNSAFE, PACKAGE_NOT_FOUND, PACKAGE_FETCH_FAILED, and those of registries and Dockerfiles
 */
export const resolveComponent = async (ref: string, options: ResolveOptions): Promise<Component> => {
  const reference = parseReference(ref);
  if (reference.type === 'deb') return readDebianComponent(reference.name, options);
  return reference.type === 'dockerfile'
    ? readDockerfileComponent(reference.name, options, resolveComponent)
    : readOciComponent(reference, options);
};
