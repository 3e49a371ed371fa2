import { MAX_CHANGED_FILES, type BuildDifference } from '@slipway/protocol';
import { filesOf, type TreeNode } from './contents-tree.ts';

/** Whether a device would find the same there. */
const isSame = (a: TreeNode, b: TreeNode): boolean =>
  a.type === b.type && a.mode === b.mode && a.digest === b.digest && a.target === b.target;

/**
 * Files that came, went or changed.
 *
 * @param limit of those that are listed; all are counted
 */
export const differenceOfFiles = (
  before: TreeNode,
  after: TreeNode,
  limit = MAX_CHANGED_FILES,
): NonNullable<BuildDifference['files']> => {
  const [old, now] = [filesOf(before), filesOf(after)];
  type Entry = NonNullable<BuildDifference['files']>['entries'][number];
  const entries: Entry[] = [];
  for (const [path, node] of now) {
    const other = old.get(path);
    if (other !== undefined && isSame(other, node)) continue;
    const change = other === undefined ? 'added' : 'changed';
    entries.push({ path, change, from: other?.size ?? null, to: node.size, component: node.component });
  }
  for (const [path, { size, component }] of old)
    if (!now.has(path)) entries.push({ path, change: 'removed', from: size, to: null, component });
  const count = (change: Entry['change']): number => entries.filter((one) => one.change === change).length;
  const moved = ({ from, to }: Entry): number => Math.abs((to ?? 0) - (from ?? 0));
  return {
    added: count('added'),
    removed: count('removed'),
    changed: count('changed'),
    size: { from: before.size, to: after.size },
    entries: entries.sort((a, b) => moved(b) - moved(a) || (a.path < b.path ? -1 : 1)).slice(0, limit),
  };
};
