import { CAPABILITIES } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';

/**
 * Full names of the capabilities an image file lists: `CAP_NET_ADMIN`, `net_admin`, `all` or `none`.
 *
 * @returns in the order in which they are written, `all` in the order of their numbers
 * @throws {SlipwayError} SPEC_INVALID
 */
export const listCapabilities = (names: readonly string[], container: string): string[] =>
  names.flatMap((name) => {
    const upper = name.toUpperCase();
    if (upper === 'ALL') return [...CAPABILITIES];
    if (upper === 'NONE') return [];
    const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!CAPABILITIES.includes(full))
      throw new SlipwayError(
        'SPEC_INVALID',
        `container ${container}: ${name} is no capability of Linux; expected all, none or names such as CAP_NET_ADMIN`,
        { details: { container, found: name, allowed: CAPABILITIES } },
      );
    return [full];
  });

/**
 * As `listCapabilities`.
 *
 * @returns sorted, each once
 * @throws {SlipwayError} SPEC_INVALID
 */
export const expandCapabilities = (names: readonly string[], container: string): string[] =>
  [...new Set(listCapabilities(names, container))].sort();
