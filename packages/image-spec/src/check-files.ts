import type { FileEntry } from './linuxkit-entries.ts';
import type { Located } from './image-part.ts';
import { problemAt, type Problem } from './problems.ts';

const KINDS = ['directory', 'symlink', 'contents', 'source', 'metadata'] as const;

/** A file is one thing, and something. */
export const checkFile = ({ doc, path, value }: Located<FileEntry>): Problem[] => {
  const kinds = KINDS.filter((kind) => value[kind] !== undefined && value[kind] !== false);
  if (kinds.length === 1) return [];
  const found = kinds.length === 0 ? 'none' : kinds.join(' and ');
  return [problemAt(doc, path, `expected one of ${KINDS.join(', ')}; found ${found}`)];
};
