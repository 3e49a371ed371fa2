import { contentSize, type Content, type Tree, type TreeEntry } from '@slipway/components';
import { digestContent } from './digest-content.ts';
import { diskOrder } from './disk-order.ts';

type FileEntry = Extract<TreeEntry, { type: 'file' }>;

/** Below a block there is nothing to win. */
const MIN_BYTES = 4096;

/**
 * Makes files of the same bytes, owner and mode one file with several names: packages that several containers and the
 * system itself brought lie on the disk once, and in memory once. Nobody can write to them, so nobody notices; the layer
 * that makes a container writable gives it a copy of its own.
 */
export const shareFiles = (tree: Tree, digestOf: (content: Content) => string = digestContent): void => {
  const isContainer = ({ path }: TreeEntry) => Number(path.startsWith('containers/'));
  const bySize = Map.groupBy(
    [...diskOrder(tree)]
      .sort((a, b) => isContainer(a) - isContainer(b))
      .filter(
        (entry): entry is FileEntry =>
          entry.type === 'file' && entry.xattrs === undefined && contentSize(entry.content) >= MIN_BYTES,
      ),
    ({ content, mode, uid, gid }) => `${contentSize(content)} ${mode} ${uid} ${gid}`,
  );
  for (const candidates of bySize.values()) {
    if (candidates.length < 2) continue;
    const first = new Map<string, string>();
    for (const entry of candidates) {
      const digest = digestOf(entry.content);
      const target = first.get(digest);
      if (target === undefined) first.set(digest, entry.path);
      else {
        const { content: _, type: __, ...meta } = entry;
        tree.set(entry.path, { ...meta, type: 'hardlink', target });
      }
    }
  }
};
