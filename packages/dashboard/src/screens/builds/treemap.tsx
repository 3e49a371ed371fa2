import './treemap.css';
import { useElementSize } from '@mantine/hooks';
import type { ContentsNode } from '@slipway/protocol';
import { Fragment } from 'react';
import { bytes, percent } from '../../parts/numbers.ts';
import { squarify } from './squarify.ts';

type TreemapProps = {
  readonly under: ContentsNode;
  /** all that is known below it, largest first */
  readonly entries: readonly ContentsNode[];
  readonly groundOf: (component: string | null) => Readonly<Record<string, string>>;
  readonly open: (path: string) => void;
  readonly height?: number;
};

const NAME_PX = 22;
/** Smaller ones are seen, but neither named nor opened. */
const MIN_PX = 14;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** A folder as a picture: areas are as sizes, colours are components. Folders are opened by click or by keyboard. */
export const Treemap = ({ under, entries, groundOf, open, height = 420 }: TreemapProps) => {
  const { ref, width } = useElementSize();
  const below = Map.groupBy(entries, ({ path }) => parentOf(path));
  const tiles = (below.get(under.path) ?? []).filter(({ size }) => size > 0);
  const places = squarify(
    tiles.map(({ size }) => size),
    { x: 0, y: 0, width, height },
  );
  return (
    <div
      ref={ref}
      className="treemap"
      style={{ height }}
      role="group"
      aria-label={`What is in /${under.path}`}
    >
      {tiles.map((tile, at) => {
        const place = places[at];
        if (place === undefined || place.width < 2 || place.height < 2) return null;
        const style = {
          left: place.x,
          top: place.y,
          width: place.width,
          height: place.height,
          ...groundOf(tile.component),
        };
        const told = `${nameOf(tile.path)}, ${bytes(tile.size)}, ${percent(tile.size, under.size)}${tile.component === null ? '' : `, ${tile.component}`}`;
        const inside = (
          <Fragment>
            {place.width > 40 && place.height > 16 ? (
              <span className="treemap-name">
                <b>{nameOf(tile.path)}</b> {place.width > 110 ? bytes(tile.size) : ''}
              </span>
            ) : null}
            <Inner
              tiles={below.get(tile.path) ?? []}
              width={place.width - 6}
              height={place.height - NAME_PX - 4}
            />
          </Fragment>
        );
        return tile.type === 'directory' && place.width > MIN_PX && place.height > MIN_PX ? (
          <button
            key={tile.path}
            type="button"
            className="treemap-tile"
            style={style}
            title={told}
            aria-label={`Open ${told}`}
            onClick={() => open(tile.path)}
          >
            {inside}
          </button>
        ) : (
          <div key={tile.path} className="treemap-tile" style={style} title={told}>
            {inside}
          </div>
        );
      })}
    </div>
  );
};

type InnerProps = {
  readonly tiles: readonly ContentsNode[];
  readonly width: number;
  readonly height: number;
};

/** What is in a tile, as far as there is room: a hint of what is found when it is opened. */
const Inner = ({ tiles, width, height }: InnerProps) => {
  if (width < 30 || height < 20 || tiles.length === 0) return null;
  const seen = tiles.filter(({ size }) => size > 0);
  const places = squarify(
    seen.map(({ size }) => size),
    { x: 2, y: NAME_PX, width, height },
  );
  return seen.map((tile, at) => {
    const place = places[at];
    if (place === undefined || place.width < 4 || place.height < 4) return null;
    return (
      <span
        key={tile.path}
        className="treemap-inner"
        aria-hidden
        style={{ left: place.x, top: place.y, width: place.width, height: place.height }}
      >
        {place.width > 44 && place.height > 15 ? nameOf(tile.path) : ''}
      </span>
    );
  });
};
