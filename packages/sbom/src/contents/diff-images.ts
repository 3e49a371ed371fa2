import type { BuildDifference } from '@slipway/protocol';
import { contentsTree, type TreeNode } from './contents-tree.ts';
import { differenceOfFiles } from './diff-files.ts';
import { diffLines, type DiffLine } from './line-diff.ts';
import type { Contents } from './read-contents.ts';

/** Sizes in bytes; null: it is in one image only. */
export type SizeChange = { readonly name: string; readonly from: number | null; readonly to: number | null };

/** What differs between two images, by the lists of their files. */
export type ContentsDiff = {
  readonly files: NonNullable<BuildDifference['files']>;
  /** those that have more or less in the image than before, what changed most first; null as a name: the build itself */
  readonly components: readonly (Omit<SizeChange, 'name'> & { readonly component: string | null })[];
  /** the merged image files line by line; nothing where they are the same, or one is not known */
  readonly configuration: readonly DiffLine[];
};

const componentChanges = (before: TreeNode, after: TreeNode): ContentsDiff['components'] => {
  const names = new Set([...before.byComponent.keys(), ...after.byComponent.keys()]);
  const moved = ({ from, to }: Omit<SizeChange, 'name'>): number => Math.abs((to ?? 0) - (from ?? 0));
  return [...names]
    .map((component) => ({
      component,
      from: before.byComponent.get(component)?.size ?? null,
      to: after.byComponent.get(component)?.size ?? null,
    }))
    .filter(({ from, to }) => from !== to)
    .sort((a, b) => moved(b) - moved(a) || ((a.component ?? '') < (b.component ?? '') ? -1 : 1));
};

export const diffContents = (from: Contents, to: Contents): ContentsDiff => {
  const [before, after] = [contentsTree(from), contentsTree(to)];
  const [old, now] = [from.head.configuration, to.head.configuration];
  return {
    files: differenceOfFiles(before, after, Infinity),
    components: componentChanges(before, after),
    configuration: old === undefined || now === undefined || old === now ? [] : diffLines(old, now),
  };
};

/** Of outputs that both images have, those that have become larger or smaller. */
export const diffSizes = (from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>): SizeChange[] =>
  [...from].flatMap(([name, size]) => {
    const now = to.get(name);
    return now === undefined || now === size ? [] : [{ name, from: size, to: now }];
  });
