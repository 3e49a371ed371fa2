import type { Tree } from '@slipway/components';
import { resolvePath } from '../../resolve-path.ts';

/** What keeps a tree from being closed: entries under another name, without directory, links to nothing. */
export const faultsOf = (tree: Tree): string[] =>
  [...tree].flatMap(([path, entry]) => {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return [
      ...(entry.path === path ? [] : [`${path} is called ${entry.path}`]),
      ...(parent === '' || tree.get(parent)?.type === 'directory' ? [] : [`${path} is in no directory`]),
      ...(resolvePath(tree, parent) === parent ? [] : [`${path} lies behind a symlink`]),
      ...(entry.type === 'hardlink' && tree.get(entry.target)?.type !== 'file'
        ? [`${path} is another name of nothing`]
        : []),
    ];
  });
