import type { Container, Mount } from '@slipway/image-spec';
import { LANDLOCK_MOUNT } from './landlock.ts';
import { SlipwayError } from '@slipway/protocol';

export type OciMount = {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
};

const BASE: readonly OciMount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec', 'relatime'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
  },
];

const invalid = (container: string, found: string, expected: string) =>
  new SlipwayError(
    'SPEC_INVALID',
    `container ${container}: expected ${expected}, found ${JSON.stringify(found)}`,
    {
      details: { container, found, expected },
    },
  );

/** `source:destination[:options]`; without options it is read-write and shared, as in LinuxKit. */
const bind = (text: string, container: string): OciMount => {
  const [source, destination, options, ...more] = text.split(':');
  if (source === undefined || destination === undefined || !destination.startsWith('/') || more.length > 0)
    throw invalid(container, text, 'a bind SOURCE:DESTINATION[:OPTIONS] with absolute paths');
  return {
    destination,
    type: 'bind',
    source,
    options: options === undefined ? ['rw', 'rbind', 'rshared'] : [...options.split(','), 'rbind'],
  };
};

const PLACES: Readonly<Record<string, string>> = {
  proc: '/proc',
  sysfs: '/sys',
  devpts: '/dev/pts',
  cgroup: '/sys/fs/cgroup',
  mqueue: '/dev/mqueue',
};

/** Where some types belong need not be said. */
const own = (mount: Mount, container: string): OciMount => {
  const { type = 'bind', source = mount.type ?? 'none', options = [] } = mount;
  const destination = mount.destination ?? PLACES[type] ?? '';
  if (!destination.startsWith('/'))
    throw invalid(container, destination, 'a mount with an absolute path as its destination');
  return { destination, type, source, options };
};

/** `destination[:options]` */
const tmpfs = (text: string, container: string): OciMount => {
  const [destination, options, ...more] = text.split(':');
  if (destination === undefined || !destination.startsWith('/') || more.length > 0)
    throw invalid(container, text, 'a tmpfs DESTINATION[:OPTIONS] with an absolute path');
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: options === undefined ? [] : options.split(','),
  };
};

/**
 * Mounts of a container: those every container has, then `mounts`, `tmpfs` and `binds` of the image file; a later one of
 * the same destination replaces an earlier one. Sorted, so that parents are mounted before what lies below them.
 *
 * @throws {SlipwayError} SPEC_INVALID
 */
export const containerMounts = (container: Container): OciMount[] => {
  const mounts = new Map(BASE.map((mount) => [mount.destination, mount]));
  const listed: OciMount[] = [
    ...(container.mounts ?? []).map((mount) => own(mount, container.name)),
    ...(container.tmpfs ?? []).map((text) => tmpfs(text, container.name)),
    ...(container.binds ?? []).map((text) => bind(text, container.name)),
    ...(container.landlock === undefined ? [] : [LANDLOCK_MOUNT]),
  ];
  for (const mount of listed) mounts.set(mount.destination, mount);
  return [...mounts.values()].sort((a, b) => (a.destination < b.destination ? -1 : 1));
};
