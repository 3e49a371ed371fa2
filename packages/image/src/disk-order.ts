import { sortedEntries, type Tree, type TreeEntry } from '@slipway/components';

/** Files that are different in every release; the very last data of an image. */
const PER_RELEASE = /^etc\/slipway\//;

/**
 * How often a file is likely to change between releases: runtimes seldom, packages with security updates, the content of
 * container images and files with every feature.
 */
const volatility = (entry: TreeEntry): number => {
  if (PER_RELEASE.test(entry.path)) return 4;
  const [kind = ''] = entry.source.split(':');
  switch (kind) {
    case 'npm':
      return 0;
    case 'deb':
      return 1;
    case 'oci':
      return 2;
    default:
      return 3;
  }
};

/**
 * The order in which the data of files lies in a root image: what seldom changes first. A device reuses the chunks of
 * its old slot that lie at the same offset, so a change should move as little as possible. Directories come before
 * everything and hard links after everything, as a tar needs it.
 */
export const diskOrder = (tree: Tree): TreeEntry[] => {
  const entries = sortedEntries(tree);
  const rank = (entry: TreeEntry): number =>
    entry.type === 'directory' ? -1 : entry.type === 'hardlink' ? 9 : volatility(entry);
  return entries
    .map((entry) => ({ entry, rank: rank(entry) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
};
