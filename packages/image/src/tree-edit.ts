import { replacing, type Content, type Lineage, type Tree, type TreeEntry } from '@slipway/components';

type Common = Partial<Lineage> & {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
};

/** Writes entries that Slipway itself makes into a tree; times are set for the whole image when it is written. */
export const GENERATED = 'slipway:generated';

const common = (options: Common, defaultMode: number) => {
  const { mode, uid = 0, gid = 0, source = GENERATED, part, layer, location } = options;
  return { mode: mode ?? defaultMode, uid, gid, source, part, layer, location, mtime: 0 };
};

const put = (tree: Tree, entry: TreeEntry): void =>
  void tree.set(entry.path, replacing(entry, tree.get(entry.path)));

/** Adds the directories above a path that are not there yet; those that are keep their modes and owners. */
export const ensureParents = (tree: Tree, path: string, options: Common = {}): void => {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const parent = parts.slice(0, depth).join('/');
    if (!tree.has(parent)) tree.set(parent, { path: parent, type: 'directory', ...common(options, 0o755) });
  }
};

export const putDirectory = (tree: Tree, path: string, options: Common = {}): void => {
  ensureParents(tree, path);
  put(tree, { path, type: 'directory', ...common(options, 0o755) });
};

/** Adds a directory unless something is there already. */
export const ensureDirectory = (tree: Tree, path: string): void => {
  if (!tree.has(path)) putDirectory(tree, path);
};

export const putFile = (tree: Tree, path: string, content: Content | string, options: Common = {}): void => {
  ensureParents(tree, path);
  put(tree, {
    path,
    type: 'file',
    content: typeof content === 'string' ? Buffer.from(content) : content,
    ...common(options, 0o644),
  });
};

export const putSymlink = (tree: Tree, path: string, target: string, options: Common = {}): void => {
  ensureParents(tree, path);
  put(tree, { path, type: 'symlink', target, ...common(options, 0o777) });
};

/** Moves a whole tree below a directory. */
export const underDirectory = (entry: TreeEntry, directory: string): TreeEntry => {
  const path = `${directory}/${entry.path}`;
  return entry.type === 'hardlink'
    ? { ...entry, path, target: `${directory}/${entry.target}` }
    : { ...entry, path };
};
