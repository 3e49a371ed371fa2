import { gzipSync } from 'node:zlib';
import {
  contentSize,
  sortedEntries,
  type Component,
  type Content,
  type Lineage,
  type Replaced,
  type Tree,
  type TreeEntry,
} from '@slipway/components';
import { Digest, type ContentsEntry, type ContentsHead, type ContentsOver } from '@slipway/protocol';
import { digestContent } from '../digest-content.ts';
import { GENERATED } from '../tree-edit.ts';

const factsOf = (
  entry: TreeEntry,
  digestOf: (content: Content) => string,
): Pick<ContentsEntry, 'size' | 'digest' | 'target'> => {
  if (entry.type === 'file')
    return {
      size: contentSize(entry.content),
      digest: Digest.parse(`sha256:${digestOf(entry.content)}`),
    };
  return entry.type === 'symlink' || entry.type === 'hardlink' ? { target: entry.target } : {};
};

/** Which component a source is of; of a package that several brought, the first. What we made in one is of no component. */
const componentsBySource = (components: readonly Component[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const { ref, tree } of components) {
    if (!found.has(ref)) found.set(ref, ref);
    for (const { source } of tree.values())
      if (source !== GENERATED && !found.has(source)) found.set(source, ref);
  }
  return found;
};

type Origin = ContentsHead['origins'][number];

/** Origins in the order of their texts, so that the same image gives the same numbers. */
const numberOrigins = (
  lineages: Iterable<Lineage>,
  bySource: ReadonlyMap<string, string>,
  byPlace: ReadonlyMap<string, string>,
) => {
  const originOf = ({ source, part, layer, location }: Lineage): Origin => {
    const what = part ?? source;
    const component = byPlace.get(location ?? '') ?? bySource.get(what);
    return {
      ...(component === undefined ? {} : { component }),
      source: what,
      ...(layer === undefined ? {} : { layer: { ...layer } }),
      ...(location === undefined ? {} : { location }),
    };
  };
  const keyOf = ({ source, part, layer, location }: Lineage): string =>
    [part ?? source, location ?? '', layer?.digest ?? '', String(layer?.number ?? 0).padStart(4, '0')].join(
      '\0',
    );
  const distinct = new Map<string, Origin>();
  for (const lineage of lineages) {
    const key = keyOf(lineage);
    if (!distinct.has(key)) distinct.set(key, originOf(lineage));
  }
  const keys = [...distinct.keys()].sort();
  const numbers = new Map(keys.map((key, index) => [key, index]));
  return {
    origins: keys.flatMap((key) => distinct.get(key) ?? []),
    numberOf: (lineage: Lineage): number => numbers.get(keyOf(lineage)) ?? 0,
  };
};

/**
 * The list of all that is in the root, as `contents.jsonl.gz` holds it.
 *
 * @param configuration the merged image file as YAML
 * @param places the component that the image file asks for at a place such as `services[1]`
 * @param digestOf of files that several images hold; absent: each is read
 */
export const makeContents = (
  tree: Tree,
  components: readonly Component[],
  configuration?: string,
  places: ReadonlyMap<string, string> = new Map(),
  digestOf: (content: Content) => string = digestContent,
): Uint8Array => {
  const entries = sortedEntries(tree);
  // One that is used twice took away once.
  const gone = [...new Set(components)].flatMap(({ removed = [] }) => removed);
  const lineages = function* (): Iterable<Lineage> {
    for (const entry of entries) {
      yield entry;
      yield* entry.over ?? [];
    }
    for (const { by, over } of gone) {
      yield by;
      yield* over;
    }
  };
  const { origins, numberOf } = numberOrigins(lineages(), componentsBySource(components), places);
  const overOf = (over: readonly Replaced[]): ContentsOver[] =>
    over.map((old) => ({
      from: numberOf(old),
      type: old.type,
      ...(old.size === undefined ? {} : { size: old.size }),
    }));
  const removed = gone.map(({ path, by, over }) => ({ path, by: numberOf(by), over: overOf(over) }));
  const head: ContentsHead = {
    v: 1,
    origins,
    ...(removed.length === 0 ? {} : { removed }),
    ...(configuration === undefined ? {} : { configuration }),
  };
  const lines = entries.map((entry): ContentsEntry => ({
    path: entry.path,
    type: entry.type,
    mode: entry.mode.toString(8),
    from: numberOf(entry),
    ...factsOf(entry, digestOf),
    ...(entry.over === undefined ? {} : { over: overOf(entry.over) }),
  }));
  return gzipSync([head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
};
