import type { ContentsNode } from '@slipway/protocol';
import { squarify, type Rect } from '@slipway/protocol/treemap';

/** A file or folder with its place in the picture. */
export type Tile = Rect & {
  readonly node: ContentsNode;
  /** 1: right below the folder that is shown */
  readonly depth: number;
  /** what is in it is drawn within it, below its name */
  readonly isOpened: boolean;
};

/** Height of a name at the top of a folder. */
export const NAME_PX = 19;
const GAP_PX = 2;
/** A folder smaller than that is drawn as one tile. */
const MIN_WIDTH_PX = 56;
const MIN_HEIGHT_PX = 48;
/** What is thinner is not seen. */
const MIN_PX = 2;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * Tiles of a folder and, where there is room, of what is in its folders: each after the one it lies in.
 *
 * @param entries below `under`, of each folder the largest first
 */
export const nestedTiles = (
  under: string,
  entries: readonly ContentsNode[],
  within: Rect,
): readonly Tile[] => {
  const below = Map.groupBy(entries, ({ path }) => parentOf(path));
  const tiles: Tile[] = [];
  const lay = (folder: string, room: Rect, depth: number): void => {
    const nodes = (below.get(folder) ?? []).filter(({ size }) => size > 0);
    const places = squarify(
      nodes.map(({ size }) => size),
      room,
    );
    nodes.forEach((node, at) => {
      const place = places[at];
      if (place === undefined || place.width < MIN_PX || place.height < MIN_PX) return;
      const isOpened = below.has(node.path) && place.width >= MIN_WIDTH_PX && place.height >= MIN_HEIGHT_PX;
      tiles.push({ ...place, node, depth, isOpened });
      if (isOpened)
        lay(
          node.path,
          {
            x: place.x + GAP_PX,
            y: place.y + NAME_PX,
            width: place.width - 2 * GAP_PX,
            height: place.height - NAME_PX - GAP_PX,
          },
          depth + 1,
        );
    });
  };
  lay(under, within, 1);
  return tiles;
};
