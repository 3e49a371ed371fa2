import type { ContentsEntry, ContentsHead, ContentsOver } from '@slipway/protocol';
import type { Contents } from './read-contents.ts';

export type ContentsOrigin = ContentsHead['origins'][number];

/** What was at a path before, and whose it was. */
export type Replaced = Pick<ContentsOver, 'type' | 'size'> & { readonly origin: ContentsOrigin };

/** An entry and who put it there. */
export type Placed = Omit<ContentsEntry, 'from' | 'over'> & {
  readonly origin: ContentsOrigin;
  /** the last first */
  readonly replaced: readonly Replaced[];
};

/** Why a path is as it is. */
export type Explanation = {
  /** as it was asked for, without slashes around it */
  readonly asked: string;
  /** symbolic links on the way, in the order in which they are followed */
  readonly links: readonly Placed[];
  /** where the links lead */
  readonly path: string;
  /** absent: nothing is there */
  readonly found?: Placed | undefined;
  /** the file itself, where what was found is another name of it */
  readonly file?: Placed | undefined;
  /** where nothing is: whoever took away what was there */
  readonly removed: readonly {
    readonly path: string;
    readonly by: ContentsOrigin;
    readonly replaced: readonly Replaced[];
  }[];
  /** where nothing is: paths that may be meant */
  readonly similar: readonly string[];
};

const MAX_LINKS = 40;
const MAX_SIMILAR = 10;

const NOBODY: ContentsOrigin = { source: '' };
const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const originsOf = ({ origins }: ContentsHead) => ({
  at: (index: number): ContentsOrigin => origins[index] ?? NOBODY,
  replaced: (over: readonly ContentsOver[]): Replaced[] =>
    over.map(({ from, ...rest }) => ({ ...rest, origin: origins[from] ?? NOBODY })).reverse(),
});

const placer = (head: ContentsHead) => {
  const origins = originsOf(head);
  return ({ from, over = [], ...entry }: ContentsEntry): Placed => ({
    ...entry,
    origin: origins.at(from),
    replaced: origins.replaced(over),
  });
};

/** Follows a path as a device would, the links on the way and that at its end. */
const follow = ({ entries }: Contents, asked: string) => {
  const links: ContentsEntry[] = [];
  let pending = partsOf(asked);
  let at: string[] = [];
  while (pending.length > 0) {
    const [part = '', ...rest] = pending;
    pending = rest;
    if (part === '..') {
      at = at.slice(0, -1);
      continue;
    }
    const next = [...at, part];
    const entry = entries.get(next.join('/'));
    if (entry?.type !== 'symlink' || links.length >= MAX_LINKS) {
      at = next;
      continue;
    }
    links.push(entry);
    const target = entry.target ?? '';
    if (target.startsWith('/')) at = [];
    pending = [...partsOf(target), ...pending];
  }
  return { links, path: at.join('/') };
};

/** The same name elsewhere, the nearest to the top first. */
const similarTo = ({ entries }: Contents, path: string): string[] => {
  const name = baseOf(path);
  const depth = (other: string): number => other.split('/').length;
  return [...entries.keys()]
    .filter((other) => baseOf(other) === name)
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .slice(0, MAX_SIMILAR);
};

/**
 * Which component and which layer put a file there, what it replaced, and which links lead to it.
 *
 * @param asked a path of the image; links are followed
 */
export const explainPath = (contents: Contents, asked: string): Explanation => {
  const { head, entries } = contents;
  const place = placer(head);
  const origins = originsOf(head);
  const { links, path } = follow(contents, asked);
  const found = entries.get(path);
  const file = found?.type === 'hardlink' ? entries.get(found.target ?? '') : undefined;
  // What a component took away is known by its path within the component.
  const removed = (head.removed ?? []).filter((one) => one.path === path || path.endsWith(`/${one.path}`));
  return {
    asked: partsOf(asked).join('/'),
    links: links.map(place),
    path,
    ...(found === undefined ? {} : { found: place(found) }),
    ...(file === undefined ? {} : { file: place(file) }),
    removed:
      found === undefined
        ? removed.map((one) => ({
            path: one.path,
            by: origins.at(one.by),
            replaced: origins.replaced(one.over),
          }))
        : [],
    similar: found === undefined ? similarTo(contents, path) : [],
  };
};
