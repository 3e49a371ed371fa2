import type { ComponentKind } from '@slipway/protocol';

/** Where components come from, in words. */
export const KIND_NAMES: Readonly<Record<ComponentKind, string>> = {
  oci: 'registry',
  local: 'image repository',
  deb: 'Debian packages',
};
