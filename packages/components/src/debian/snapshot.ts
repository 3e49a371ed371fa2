const ARCHIVE = 'http://deb.debian.org';
const SNAPSHOTS = 'https://snapshot.debian.org/archive';

/** Stands in URIs for a moment, written as snapshot.debian.org does. */
const PLACEHOLDER = '${snapshot}';

export const atSnapshot = (uri: string, snapshot: string): string => uri.replaceAll(PLACEHOLDER, snapshot);

export const needsSnapshot = (uri: string): boolean => uri.includes(PLACEHOLDER);

/** The suite's own archive at Debian; with a snapshot, as it was then. */
export const debianUri = (suite: string, snapshot: string | undefined): string => {
  const archive = /-security(?:-|$)|\/updates$/.test(suite) ? 'debian-security' : 'debian';
  return snapshot === undefined ? `${ARCHIVE}/${archive}` : `${SNAPSHOTS}/${archive}/${snapshot}`;
};

/**
 * Where Debian keeps what a mirror no longer has, if the URI looks like one of Debian's archives.
 *
 * @returns with a place for the snapshot
 */
export const snapshotFallback = (uri: string): string | undefined => {
  const archive = /^https?:\/\/.*\/(debian|debian-security)\/?$/.exec(uri)?.[1];
  return archive === undefined ? undefined : `${SNAPSHOTS}/${archive}/${PLACEHOLDER}`;
};

/** `20261101T120000Z`, of the date that a Release file bears. */
export const snapshotOf = (date: Date): string =>
  date.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
