import { SlipwayError } from '@slipway/protocol';
import type { Component, ResolveOptions } from './component.ts';

export const readOciComponent = async (
  reference: { readonly path: string; readonly tag: string | undefined },
  _options: ResolveOptions,
): Promise<Component> => {
  throw new SlipwayError(
    'COMPONENT_NOT_FOUND',
    `oci:${reference.path}: reading OCI layouts is being written`,
  );
};
