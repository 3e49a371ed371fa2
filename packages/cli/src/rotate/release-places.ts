import { join } from 'node:path';
import { DEFAULT_PROFILE } from '@slipway/protocol';
import type { KeyPlaces } from './plan.ts';

/** Where the keys of a signing profile are: the default one's in the folders themselves, others' in folders of their name. */
export type ReleasePlaces = {
  /** what the signer works with */
  readonly keys: string;
  /** what will sign below the next root */
  readonly next: string;
  /** what images get; an instance writes it anew at each start */
  readonly published: string;
  /** keys of root and intermediate */
  readonly offline: string;
  readonly offlineNext: string;
  readonly offlineFormer: string;
};

export const releasePlaces = ({ dataDir, offlineDir, profile }: KeyPlaces): ReleasePlaces => {
  const isDefault = profile === DEFAULT_PROFILE;
  const own = isDefault ? [] : ['profiles', profile];
  const offline = join(offlineDir, ...own);
  return {
    keys: join(dataDir, 'signer', 'keys', ...own),
    next: join(dataDir, 'signer', ...(isDefault ? ['next'] : ['next-of-profiles', profile])),
    published: join(dataDir, 'pki', ...own, 'release-root.pem'),
    offline,
    offlineNext: join(offline, 'next'),
    offlineFormer: join(offline, 'former'),
  };
};
