import type { PackageSet } from '@slipway/image-spec';
import { Digest } from '@slipway/protocol';
import { createHash } from 'node:crypto';

/**
 * Digest of what decides which packages a set becomes. What only chooses among their files, or says how the component
 * starts, may change without a new lock.
 */
export const declaredDigest = ({
  install,
  dependencies,
  debian,
}: Pick<PackageSet, 'install' | 'dependencies' | 'debian'>): Digest => {
  const sources = debian?.map(({ suites, components, uri, snapshot, keyring }) => ({
    suites,
    components,
    uri: uri ?? null,
    snapshot: snapshot ?? null,
    keyring: keyring ?? null,
  }));
  const text = JSON.stringify({ install, dependencies, debian: sources ?? null });
  return Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`);
};
