import { SlipwayError } from '@slipway/protocol';
import type { Component, ResolveOptions } from '../component.ts';

export const readDebianComponent = async (name: string, _options: ResolveOptions): Promise<Component> => {
  throw new SlipwayError('COMPONENT_NOT_FOUND', `deb:${name}: reading Debian packages is being written`);
};
