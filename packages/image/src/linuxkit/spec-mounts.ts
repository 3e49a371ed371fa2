import type { Container, Mount } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { omitEmpty, type JsonObject } from './go-json.ts';

type OciMount = {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options?: readonly string[] | undefined;
};

/** What Docker mounts, but without `/dev/shm` and `/dev/mqueue`. */
const standard = (isReadonly: boolean): OciMount[] => {
  const readonly = isReadonly ? ['ro'] : [];
  return [
    {
      destination: '/proc',
      type: 'proc',
      source: 'proc',
      options: ['nosuid', 'nodev', 'noexec', 'relatime'],
    },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k', ...readonly],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    {
      destination: '/sys',
      type: 'sysfs',
      source: 'sysfs',
      options: ['nosuid', 'noexec', 'nodev', ...readonly],
    },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
    },
  ];
};

const invalid = (where: string, found: string, expected: string) =>
  new SlipwayError('SPEC_INVALID', `${where}: expected ${expected}, found ${JSON.stringify(found)}`, {
    details: { key: where, found, expected },
  });

const tmpfs = (text: string, where: string): OciMount => {
  const [destination = '', options, ...more] = text.split(':');
  if (more.length > 0) throw invalid(where, text, 'a tmpfs DESTINATION[:OPTIONS]');
  return { destination, type: 'tmpfs', source: 'tmpfs', options: options?.split(',') };
};

const bind = (text: string, where: string): OciMount => {
  const [source = '', destination, options, ...more] = text.split(':');
  if (destination === undefined || more.length > 0)
    throw invalid(where, text, 'a bind SOURCE:DESTINATION[:OPTIONS]');
  return {
    destination,
    type: 'bind',
    source,
    options: options === undefined ? ['rw', 'rbind', 'rshared'] : [...options.split(','), 'rbind'],
  };
};

/** File systems that have one place, and may be named by their source alone. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ['proc', '/proc'],
  ['devpts', '/dev/pts'],
  ['sysfs', '/sys'],
  ['cgroup', '/sys/fs/cgroup'],
  ['mqueue', '/dev/mqueue'],
]);

const full = (mount: Mount, where: string): OciMount => {
  const source = mount.source ?? '';
  const type =
    mount.type || (PLACES.has(source) ? source : mount.destination === '/dev' ? 'tmpfs' : undefined);
  if (type === undefined) throw invalid(where, mount.destination ?? source, 'a mount with a type');
  const destination = mount.destination || PLACES.get(type);
  if (destination === undefined) throw invalid(where, type, 'a mount with a destination');
  return { destination, type, source: source || type, options: mount.options };
};

export const mountJson = ({
  destination,
  type,
  source,
  options,
  uidmappings,
  gidmappings,
}: Mount): JsonObject => ({
  destination: destination ?? '',
  ...omitEmpty({
    type,
    source,
    options,
    uidMappings: mappings(uidmappings),
    gidMappings: mappings(gidmappings),
  }),
});

/** Numbers of a user namespace, as the runtime takes them. */
export const mappings = (list: Container['uidMappings']): JsonObject[] =>
  (list ?? []).map(({ containerID = 0, hostID = 0, size = 0 }) => ({ containerID, hostID, size }));

/**
 * `mounts` of `config.json`: the standard ones, then `tmpfs`, `binds` and `mounts`, of which a later one replaces an
 * earlier one of the same destination; sorted by destination.
 *
 * @param where of the container in the image file, named in errors
 * @throws {SlipwayError} SPEC_INVALID
 */
export const specMounts = (container: Container, where: string): JsonObject[] => {
  const own: OciMount[] = [
    ...(container.tmpfs ?? []).map((text, index) => tmpfs(text, `${where}.tmpfs[${index}]`)),
    ...(container.binds ?? []).map((text, index) => bind(text, `${where}.binds[${index}]`)),
    ...(container.mounts ?? []).map((mount, index) => full(mount, `${where}.mounts[${index}]`)),
  ];
  const all = [...standard(container.readonly === true), ...own];
  const byDestination = new Map(all.map((mount) => [mount.destination, mount]));
  return [...byDestination.values()]
    .sort((a, b) => (a.destination < b.destination ? -1 : 1))
    .map(({ destination, type, source, options }) => ({
      destination,
      ...omitEmpty({ type, source, options }),
    }));
};
