import { squarify, type Rect } from '@slipway/protocol/treemap';
import type { TreeNode } from './contents-tree.ts';

/** A file or folder on the map. */
export type Tile = {
  readonly node: TreeNode;
  /** its name, of a folder with nothing but another folder in it the names of both */
  readonly label: string;
  readonly at: Rect;
  /** whether what is in it is laid out within it */
  readonly isOpen: boolean;
};

/** Room for the name of a folder above what is in it, and around it. */
const HEAD = 16;
const BORDER = 2;
/** A folder that is smaller is one tile, for nothing in it could be told apart. */
const MIN_OPEN = { width: 48, height: 40 };

const inside = ({ x, y, width, height }: Rect): Rect => ({
  x: x + BORDER,
  y: y + HEAD,
  width: Math.max(0, width - 2 * BORDER),
  height: Math.max(0, height - HEAD - BORDER),
});

/** The folder that holds all of what is in a folder, and the way to it. */
const onlyFolder = (
  node: TreeNode,
  label = node.name,
): { readonly node: TreeNode; readonly label: string } => {
  const [first, second] = node.children.filter(({ size }) => size > 0);
  return first?.type === 'directory' && second === undefined
    ? onlyFolder(first, `${label}/${first.name}`)
    : { node, label };
};

/** The tree as tiles within tiles, each after the one it lies in. */
export const tilesOf = (root: TreeNode, within: Rect): Tile[] => {
  const items = root.children.filter(({ size }) => size > 0);
  const places = squarify(
    items.map(({ size }) => size),
    within,
  );
  return items.flatMap((item, index): Tile[] => {
    const at = places[index];
    if (at === undefined || at.width <= 0 || at.height <= 0) return [];
    const isOpen = item.type === 'directory' && at.width >= MIN_OPEN.width && at.height >= MIN_OPEN.height;
    const { node, label } = isOpen ? onlyFolder(item) : { node: item, label: item.name };
    return [{ node, label, at, isOpen }, ...(isOpen ? tilesOf(node, inside(at)) : [])];
  });
};
