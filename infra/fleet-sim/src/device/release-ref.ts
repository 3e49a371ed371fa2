import type { ReleaseRef } from '@slipway/device-agent/simulation';
import { ReleaseId, RootHash, type Digest } from '@slipway/protocol';

/** Of what a device has on it at first; the server has no such release. */
export const FACTORY_RELEASE = ReleaseId.parse('rel_0000000000000000');

/** Rises with the version, as the counters of a class do that is released in order. */
export const counterOf = (version: string): number => {
  const [major = 0, minor = 0, patch = 0] = (version.split(/[-+]/)[0] ?? '').split('.').map(Number);
  return 1 + patch + 1000 * minor + 1_000_000 * major;
};

/** What the manifest of a bundle would say: a simulated device does not read it. */
export const refOf = (release: ReleaseId, version: string, bundle: Digest): ReleaseRef => ({
  release,
  version,
  counter: counterOf(version),
  rootHash: RootHash.parse(bundle.slice('sha256:'.length)),
  timeFloor: 0,
});

export const factoryRef = (version: string): ReleaseRef => ({
  release: FACTORY_RELEASE,
  version,
  counter: counterOf(version),
  rootHash: RootHash.parse('0'.repeat(64)),
  timeFloor: 0,
});
