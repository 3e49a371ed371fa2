import { replacing, type Tree, type TreeEntry } from '@slipway/components';
import { directory, file, fromComponent, GENERATED_MTIME, symlink, type Origin } from './generated.ts';

/** What `docker export` leaves behind, and what a runtime makes itself; only these names, not what lies below them. */
const EXCLUDED: ReadonlySet<string> = new Set([
  '.dockerenv',
  'Dockerfile',
  'dev/console',
  'dev/pts',
  'dev/shm',
  'etc/hostname',
]);

const HOSTS = `127.0.0.1       localhost
::1     localhost ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;
const RESOLV_CONF = '\n# no resolv.conf configured\n';
const MTAB = 'etc/mtab';

/**
 * What every image has whatever it brings. The directories lose the mode and owner that they have in the image, because
 * LinuxKit writes its own after the image's.
 *
 * @param resolvConf target of the symlink that `etc/resolv.conf` is; absent: a file
 */
const ensured = (resolvConf: string | undefined, origin: Origin): TreeEntry[] => [
  directory('dev', origin),
  directory('dev/pts', origin),
  directory('dev/shm', origin),
  directory('etc', origin),
  file('etc/hosts', HOSTS, origin),
  resolvConf === undefined
    ? file('etc/resolv.conf', RESOLV_CONF, origin)
    : symlink('etc/resolv.conf', resolvConf, 0o644, origin),
  directory('proc', origin),
  directory('sys', origin),
];

/** Files that are other names of one that is left out: the first of them takes its place. */
const heirs = (image: Tree, isGone: (path: string) => boolean): ReadonlyMap<string, string> => {
  const result = new Map<string, string>();
  const links = [...image.values()].filter((entry) => entry.type === 'hardlink');
  for (const { path, target } of links.sort((a, b) => (a.path < b.path ? -1 : 1)))
    if (isGone(target) && !isGone(path) && !result.has(target)) result.set(target, path);
  return result;
};

export type ImageTreeOptions = Origin & {
  /** directory that the image is put into; absent: the root */
  readonly prefix?: string | undefined;
  readonly resolvConf?: string | undefined;
};

/** The files of an image as LinuxKit puts them somewhere: without some, with others replaced and ensured. */
export const imageTree = (
  image: Tree,
  { prefix, resolvConf, source, location }: ImageTreeOptions,
): TreeEntry[] => {
  const origin = { source, location };
  const below = (path: string): string => (prefix === undefined ? path : `${prefix}/${path}`);
  const own = new Map(ensured(resolvConf, origin).map((entry) => [entry.path, entry]));
  const isGone = (path: string): boolean => EXCLUDED.has(path) || own.has(path);
  const heirOf = heirs(image, isGone);
  const result = new Map<string, TreeEntry>();
  for (const raw of image.values()) {
    const entry = fromComponent(raw, origin);
    const made = own.get(entry.path);
    if (made !== undefined) own.set(entry.path, replacing(made, entry));
    if (isGone(entry.path)) continue;
    const path = below(entry.path);
    const mtime = entry.path === MTAB ? GENERATED_MTIME : entry.mtime;
    if (entry.type !== 'hardlink') {
      result.set(path, { ...entry, path, mtime });
      continue;
    }
    const heir = heirOf.get(entry.target);
    const original = image.get(entry.target);
    if (heir === entry.path && original?.type === 'file') {
      const { mode, uid, gid } = entry;
      result.set(path, { ...fromComponent(original, origin), path, mode, uid, gid, mtime });
    } else result.set(path, { ...entry, path, target: below(heir ?? entry.target), mtime });
  }
  for (const entry of own.values()) result.set(below(entry.path), { ...entry, path: below(entry.path) });
  if (!image.has(MTAB)) result.set(below(MTAB), symlink(below(MTAB), '/proc/mounts', 0o755, origin));
  return [...result.values()];
};
