import type { Arch } from '@slipway/protocol';
import { readContent } from '../../content.ts';
import type { TarEntry } from '../../tar-reader.ts';
import type { TreeEntry } from '../../tree.ts';

/** What a rule sees. */
export type Scene = {
  /** every file of the packages, also those that do not stay */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** paths of those that stay */
  readonly kept: ReadonlySet<string>;
  readonly arch: Arch;
};

/**
 * Makes files that packages' scripts would make. The same packages give the same files; nothing else is looked at.
 *
 * @returns undefined if the packages bring nothing that calls for it
 */
export type Rule = {
  /** what the packages must bring, for the error if the rule was asked for */
  readonly needs: string;
  make(scene: Scene): TarEntry[] | undefined;
};

export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of a file; undefined for everything else. */
export const textAt = ({ entries }: Pick<Scene, 'entries'>, path: string): string | undefined => {
  const entry = entries.get(path);
  return entry?.type === 'file' ? new TextDecoder().decode(readContent(entry.content)) : undefined;
};

/** What is made is as old as the newest of what it is made of. */
export const newest = (entries: Iterable<Pick<TreeEntry, 'mtime'>>): number => {
  let latest = 0;
  for (const { mtime } of entries) latest = Math.max(latest, mtime);
  return latest;
};
