import { verifyClaims } from '@slipway/bundle';
import type { InField } from '@slipway/fleet';
import {
  DEFAULT_PROFILE,
  type Manifest,
  type Release,
  type ReleaseDownloads,
  type ReleaseId,
  type SigningProfile,
} from '@slipway/protocol';
import { downloadSize, fullSize } from './download-size.ts';

/** Looked into, of those that most devices run: each takes a signature to verify. The others count with all bytes. */
const COMPARED = 20;

type Asked = {
  readonly release: Release;
  readonly inField: readonly InField[];
  readonly bundlePath: (release: ReleaseId) => string;
  readonly rootOf: (profile: SigningProfile) => string;
};

/** What each device would load of a release. */
export const downloadsOf = async ({
  release,
  inField,
  bundlePath,
  rootOf,
}: Asked): Promise<ReleaseDownloads> => {
  const claimsOf = async (
    id: ReleaseId,
    at: Date,
    signing: SigningProfile = DEFAULT_PROFILE,
  ): Promise<Manifest | undefined> => {
    try {
      return await verifyClaims(bundlePath(id), { releaseRootPem: rootOf(signing), at });
    } catch {
      // Gone with old artifacts, or not to be believed: nothing is said of it.
      return undefined;
    }
  };
  const to = await claimsOf(release.id, new Date(release.createdAt), release.signing);
  const full = to === undefined ? release.bundle.size : fullSize(to);
  const others = inField.filter((one) => one.release !== release.id);
  const from: ReleaseDownloads['from'] = [];
  for (const [at, { release: id, version, counter, createdAt, signing, devices }] of others.entries()) {
    const wanted = to !== undefined && id !== null && createdAt !== null && at < COMPARED;
    const known = wanted ? await claimsOf(id, createdAt, signing ?? undefined) : undefined;
    from.push({
      release: id,
      version,
      devices,
      ...(known === undefined || to === undefined ? { bytes: full, reused: 0 } : downloadSize(known, to)),
      known: known !== undefined,
      refused: counter !== null && counter > release.counter,
    });
  }
  const current = inField.find((one) => one.release === release.id)?.devices ?? 0;
  return { release: release.id, full, from, current };
};
