import { createGlob } from '../glob.ts';
import type { TreeEntry } from '../tree.ts';

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** What a device never reads; licences are in the bill of materials. */
export const DEFAULT_EXCLUDES = [
  'usr/share/{doc,man,info,locale,lintian,bug,doc-base,menu,gtk-doc,help,linda,reportbug}/**',
  'usr/share/{bash-completion,zsh,fish,icons,applications,pixmaps,gettext}/**',
  'usr/share/{initramfs-tools,apport,metainfo}/**',
  'usr/share/perl5/Debian/Debhelper/**',
  'etc/{init.d,default,cron.*,logrotate.d,bash_completion.d,apparmor.d,kernel}/**',
  'usr/lib/{systemd,sysusers.d,tmpfiles.d,udev/hwdb.d,dracut}/**',
];

/**
 * Chooses the files of a package set: without `include` all but what a device never reads, with it only what it names;
 * in both cases less what `exclude` names. Directories stay if something is left in them or they came empty.
 *
 * @returns the paths to keep
 */
export const selectFiles = (
  entries: ReadonlyMap<string, TreeEntry>,
  include: readonly string[] | undefined,
  exclude: readonly string[],
): Set<string> => {
  const isIncluded = include === undefined ? () => true : createGlob(include);
  const isExcluded = createGlob(include === undefined ? [...DEFAULT_EXCLUDES, ...exclude] : exclude);
  const parents = new Set([...entries.keys()].map(parentOf));
  const kept = new Set<string>();
  for (const { path, type } of entries.values()) {
    const cameFilled = type === 'directory' && parents.has(path);
    if (cameFilled || !isIncluded(path) || isExcluded(path)) continue;
    for (let at = path; at !== '' && !kept.has(at); at = parentOf(at)) kept.add(at);
  }
  return kept;
};
