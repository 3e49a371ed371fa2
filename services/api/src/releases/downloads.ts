import { verifyClaims } from '@slipway/bundle';
import type { InField } from '@slipway/fleet';
import type { Manifest, Release, ReleaseDownloads, ReleaseId } from '@slipway/protocol';
import { downloadSize, fullSize } from './download-size.ts';

/** Looked into, of those that most devices run: each takes a signature to verify. The others count with all bytes. */
const COMPARED = 20;

type Asked = {
  readonly release: Release;
  readonly inField: readonly InField[];
  readonly bundlePath: (release: ReleaseId) => string;
  readonly rootPem: string;
};

/** What each device would load of a release. */
export const downloadsOf = async ({
  release,
  inField,
  bundlePath,
  rootPem,
}: Asked): Promise<ReleaseDownloads> => {
  const claimsOf = async (id: ReleaseId, at: Date): Promise<Manifest | undefined> => {
    try {
      return await verifyClaims(bundlePath(id), { releaseRootPem: rootPem, at });
    } catch {
      // Gone with old artifacts, or not to be believed: nothing is said of it.
      return undefined;
    }
  };
  const to = await claimsOf(release.id, new Date(release.createdAt));
  const full = to === undefined ? release.bundle.size : fullSize(to);
  const others = inField.filter((one) => one.release !== release.id);
  const from: ReleaseDownloads['from'] = [];
  for (const [at, { release: id, version, counter, createdAt, devices }] of others.entries()) {
    const wanted = to !== undefined && id !== null && createdAt !== null && at < COMPARED;
    const known = wanted ? await claimsOf(id, createdAt) : undefined;
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
