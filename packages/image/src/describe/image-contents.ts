import { gzipSync } from 'node:zlib';
import { contentSize, sortedEntries, type Component, type Tree, type TreeEntry } from '@slipway/components';
import { Digest, type ContentsEntry, type ContentsHead } from '@slipway/protocol';
import { digestContent } from '../digest-content.ts';

const factsOf = (entry: TreeEntry): Pick<ContentsEntry, 'size' | 'digest' | 'target'> => {
  if (entry.type === 'file')
    return {
      size: contentSize(entry.content),
      digest: Digest.parse(`sha256:${digestContent(entry.content)}`),
    };
  return entry.type === 'symlink' || entry.type === 'hardlink' ? { target: entry.target } : {};
};

/** Which component a source is of; of a package that several brought, the first. */
const componentsBySource = (components: readonly Component[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const { ref, tree } of components)
    for (const { source } of tree.values()) if (!found.has(source)) found.set(source, ref);
  return found;
};

/** The list of all that is in the root, as `contents.jsonl.gz` holds it. */
export const makeContents = (tree: Tree, components: readonly Component[]): Uint8Array => {
  const componentOf = componentsBySource(components);
  const entries = sortedEntries(tree);
  const sources = [...new Set(entries.map(({ source }) => source))].sort();
  const numbers = new Map(sources.map((source, index) => [source, index]));
  const head: ContentsHead = {
    v: 1,
    origins: sources.map((source) => {
      const component = componentOf.get(source);
      return { ...(component === undefined ? {} : { component }), source };
    }),
  };
  const lines = entries.map((entry): ContentsEntry => ({
    path: entry.path,
    type: entry.type,
    mode: entry.mode.toString(8),
    from: numbers.get(entry.source) ?? 0,
    ...factsOf(entry),
  }));
  return gzipSync([head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
};
