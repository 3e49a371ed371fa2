import type { CSSProperties } from 'react';
import './treemap.css';
import { useElementSize } from '@mantine/hooks';
import type { ContentsNode } from '@slipway/protocol';
import { bytes, percent } from '../../parts/numbers.ts';
import { nameOf, nestedTiles, type Tile } from './nested-tiles.ts';

type GroundOf = (component: string | null) => CSSProperties;

type TreemapProps = {
  readonly under: ContentsNode;
  /** all that is known below it, of each folder the largest first */
  readonly entries: readonly ContentsNode[];
  readonly groundOf: GroundOf;
  readonly open: (path: string) => void;
  readonly height?: number;
};

/** A folder as a picture: areas are as sizes, colours are components. Folders are opened by click or by keyboard. */
export const Treemap = ({ under, entries, groundOf, open, height = 480 }: TreemapProps) => {
  const { ref, width } = useElementSize();
  const tiles = nestedTiles(under.path, entries, { x: 0, y: 0, width, height });
  return (
    <div
      ref={ref}
      className="treemap"
      style={{ height }}
      role="group"
      aria-label={`What is in /${under.path}`}
    >
      {tiles.map((tile) => (
        <Shown key={tile.node.path} tile={tile} whole={under.size} groundOf={groundOf} open={open} />
      ))}
    </div>
  );
};

type ShownProps = Pick<TreemapProps, 'groundOf' | 'open'> & { readonly tile: Tile; readonly whole: number };

const Shown = ({ tile, whole, groundOf, open }: ShownProps) => {
  const { node, depth, isOpened, x, y, width, height } = tile;
  const { path, size, component, type } = node;
  const style = { left: x, top: y, width, height, ...groundOf(component) };
  const from = component === null ? '' : `, ${component}`;
  const told = `${nameOf(path)}, ${bytes(size)}, ${percent(size, whole)}${from}`;
  const name =
    width > 36 && height > 15 ? (
      <span className="treemap-name">
        <b>{nameOf(path)}</b> {width > 120 ? bytes(size) : ''}
      </span>
    ) : null;
  return type === 'directory' ? (
    <button
      type="button"
      className="treemap-tile"
      data-opened={isOpened}
      style={style}
      title={`/${path}: ${told}`}
      aria-label={`Open ${told}`}
      // By keyboard one goes level by level.
      tabIndex={depth === 1 ? 0 : -1}
      onClick={() => open(path)}
    >
      {name}
    </button>
  ) : (
    <div className="treemap-tile" style={style} title={`/${path}: ${told}`}>
      {name}
    </div>
  );
};
