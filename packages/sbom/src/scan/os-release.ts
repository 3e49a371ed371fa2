import type { Distro } from '../found-package.ts';

/** Both paths in the order that programs look at them; the first is often a symlink to the second. */
export const OS_RELEASE = ['etc/os-release', 'usr/lib/os-release'] as const;

const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * @returns nothing where there is no usable `ID`
 * @see os-release(5): shell assignments, quoted or not
 */
export const parseOsRelease = (text: string): Distro | undefined => {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)=(?:"([^"]*)"|'([^']*)'|(\S*))\s*$/.exec(line);
    if (match?.[1] !== undefined) values.set(match[1], match[2] ?? match[3] ?? match[4] ?? '');
  }
  const id = values.get('ID')?.toLowerCase();
  const versionId = values.get('VERSION_ID');
  if (id === undefined || !WORD.test(id)) return undefined;
  return versionId === undefined || !WORD.test(versionId) ? { id } : { id, versionId };
};
