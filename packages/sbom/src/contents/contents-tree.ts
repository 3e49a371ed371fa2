import type {
  BuildContents,
  ContentsEntry,
  ContentsHead,
  ContentsNode,
  FoundContents,
} from '@slipway/protocol';
import { contentsInvalid, parseContentsLines, type Contents } from './read-contents.ts';

/** A file or folder with all that is below it. */
export type TreeNode = ContentsNode & {
  readonly name: string;
  /** largest first */
  readonly children: readonly TreeNode[];
  /** bytes and files below it, by component */
  readonly byComponent: ReadonlyMap<string | null, Share>;
};
type Share = { readonly size: number; readonly files: number };

type Draft = {
  readonly entry: ContentsEntry;
  readonly name: string;
  readonly children: Draft[];
};

const ROOT: ContentsEntry = { path: '', type: 'directory', mode: '755', from: 0 };

/**
 * What `contents.jsonl.gz` holds, uncompressed.
 *
 * @throws {SlipwayError} CONTENTS_INVALID
 */
export const parseContents = (text: string): TreeNode => {
  const { head, entries } = parseContentsLines(text);
  return contentsTree({ head, entries });
};

/** @throws {SlipwayError} CONTENTS_INVALID */
export const contentsTree = ({ head, entries }: Contents): TreeNode => {
  try {
    return toNode(draftOf(entries.values()), head);
  } catch (cause) {
    throw contentsInvalid(cause);
  }
};

const draftOf = (entries: Iterable<ContentsEntry>): Draft => {
  const root: Draft = { entry: ROOT, name: '', children: [] };
  const folders = new Map([['', root]]);
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/');
    const parent = folders.get(entry.path.slice(0, Math.max(slash, 0)));
    const draft: Draft = { entry, name: entry.path.slice(slash + 1), children: [] };
    if (parent === undefined) throw new TypeError(`${entry.path} comes before its folder`);
    parent.children.push(draft);
    if (entry.type === 'directory') folders.set(entry.path, draft);
  }
  return root;
};

const toNode = ({ entry, name, children }: Draft, head: ContentsHead): TreeNode => {
  const { from, path, type, mode, digest, target } = entry;
  const origin = head.origins[from];
  const own = origin?.component ?? null;
  const nodes = children
    .map((child) => toNode(child, head))
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
  const isFolder = type === 'directory';
  const byComponent = isFolder ? sumShares(nodes) : new Map([[own, { size: entry.size ?? 0, files: 1 }]]);
  const shares = [...byComponent.values()];
  return {
    path,
    name,
    type,
    mode,
    size: shares.reduce((sum, share) => sum + share.size, 0),
    files: shares.reduce((sum, share) => sum + share.files, 0),
    component: isFolder ? largestOf(byComponent, own) : own,
    source: isFolder ? null : (origin?.source ?? null),
    ...(digest === undefined ? {} : { digest }),
    ...(target === undefined ? {} : { target }),
    children: nodes,
    byComponent,
  };
};

const sumShares = (nodes: readonly TreeNode[]): Map<string | null, Share> => {
  const sums = new Map<string | null, Share>();
  for (const { byComponent } of nodes)
    for (const [component, { size, files }] of byComponent) {
      const sum = sums.get(component);
      sums.set(component, { size: (sum?.size ?? 0) + size, files: (sum?.files ?? 0) + files });
    }
  return sums;
};

const largestFirst = (shares: ReadonlyMap<string | null, Share>) =>
  [...shares].sort(([, a], [, b]) => b.size - a.size || b.files - a.files);

const largestOf = (shares: ReadonlyMap<string | null, Share>, empty: string | null): string | null => {
  const [first] = largestFirst(shares);
  return first === undefined ? empty : first[0];
};

export const nodeAt = (root: TreeNode, path: string): TreeNode | undefined =>
  path
    .split('/')
    .filter((name) => name !== '')
    .reduce<TreeNode | undefined>((node, name) => node?.children.find((child) => child.name === name), root);

const shown = (node: TreeNode): ContentsNode => {
  const { path, type, size, files, mode, component, source, digest, target } = node;
  return {
    path,
    type,
    size,
    files,
    mode,
    component,
    source,
    ...(digest === undefined ? {} : { digest }),
    ...(target === undefined ? {} : { target }),
  };
};

/** Level by level, so that what is left out is the smallest of the deepest. */
export const lookInto = (under: TreeNode, depth: number, limit: number): BuildContents => {
  const taken: TreeNode[] = [];
  let left = { entries: 0, size: 0 };
  let level: readonly TreeNode[] = [under];
  for (let at = 0; at < depth; at++) {
    const next = level.flatMap(({ children }) => children).sort((a, b) => b.size - a.size);
    const room = limit - taken.length;
    const rest = next.slice(room);
    left = {
      entries: left.entries + rest.length,
      size: left.size + rest.reduce((sum, { size }) => sum + size, 0),
    };
    level = next.slice(0, room);
    taken.push(...level);
  }
  return {
    under: shown(under),
    entries: taken.map(shown),
    left,
    components: largestFirst(under.byComponent).map(([component, share]) => ({ component, ...share })),
  };
};

/** Entries with a text somewhere in their paths, whatever its case. */
export const findInContents = (root: TreeNode, text: string, limit: number): FoundContents => {
  const wanted = text.toLowerCase();
  const entries: ContentsNode[] = [];
  let total = 0;
  const walk = ({ children }: TreeNode): void => {
    for (const child of [...children].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (child.path.toLowerCase().includes(wanted) && ++total <= limit) entries.push(shown(child));
      walk(child);
    }
  };
  walk(root);
  return { entries, total };
};

/** All that is no folder, by path. */
export const filesOf = (root: TreeNode): ReadonlyMap<string, TreeNode> => {
  const files = new Map<string, TreeNode>();
  const walk = (node: TreeNode): void => {
    if (node.type !== 'directory') files.set(node.path, node);
    node.children.forEach(walk);
  };
  walk(root);
  return files;
};
