import { SlipwayError, type Arch } from '@slipway/protocol';
import type { Component } from './component.ts';

/** The pinned Node of the given architecture, at `usr/bin/node`. */
export const nodeRuntime = async (
  arch: Arch,
  _options: { readonly cacheDir: string; readonly log?: (line: string) => void },
): Promise<Component> => {
  throw new SlipwayError('COMPONENT_NOT_FOUND', `node for ${arch} is being written`);
};
