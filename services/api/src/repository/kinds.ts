import type { RepositoryKind } from '@slipway/protocol';
import { LOCK_FILE } from '@slipway/lock';

const isYaml = (path: string): boolean => /\.ya?ml$/.test(path);

/** What a file of the image repository is, by its name. */
export const kindOf = (path: string): RepositoryKind => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path === LOCK_FILE) return 'lock';
  if (/^component\.ya?ml$/.test(name)) return 'component';
  if (/^classes\/[^/]+$/.test(path) && isYaml(path)) return 'class';
  return isYaml(path) && !path.startsWith('components/') ? 'image' : 'other';
};
