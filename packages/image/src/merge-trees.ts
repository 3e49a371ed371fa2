import { createLayeredTree, type Tree } from '@slipway/components';

/** Lays trees over one another, later ones on top, following the directory links of those below. */
export const mergeTrees = (trees: readonly Tree[]): Tree => {
  const layered = createLayeredTree();
  for (const tree of trees) layered.overlay(tree);
  return layered.toTree();
};
