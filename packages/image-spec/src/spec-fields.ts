import type { Container, Device } from './container.ts';
import type { Mount } from './container-mount.ts';
import type { Interface, Runtime } from './container-runtime.ts';
import type { ImageFile, ImageKernel } from './image-file.ts';
import type { FileEntry, Volume } from './linuxkit-entries.ts';
import { compareKeys } from './key-order.ts';
import type { Fields, Plain } from './yaml-text.ts';

export type SpecFormat = 'yaml' | 'json';

/** Mappings, lists and what is in them as they are, in their order; what is undefined is left out. */
export const plain = (value: unknown): Plain => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return fields(
      Object.entries(value).map(([key, item]) => [key, item === undefined ? undefined : plain(item)]),
    );
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null) return null;
  throw new TypeError(`expected what YAML can say, found ${typeof value}`);
};

export const fields = (entries: readonly (readonly [string, Plain | undefined])[]): Fields =>
  new Map(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));

const optional = (value: unknown): Plain | undefined => (value === undefined ? undefined : plain(value));

/** Of some texts LinuxKit does not write that they are empty. */
const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const list = <T>(values: readonly T[] | undefined, one: (value: T) => Plain): Plain | undefined =>
  values?.map((value) => one(value));

const sorted = (
  record: Readonly<Record<string, string>> | undefined,
  format: SpecFormat,
): Fields | undefined => {
  if (record === undefined) return undefined;
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const order = format === 'yaml' ? compareKeys : byBytes;
  return new Map(Object.entries(record).sort(([a], [b]) => order(a, b)));
};

const mountFields = (mount: Mount, format: SpecFormat): Fields =>
  format === 'yaml'
    ? fields([
        ['destination', mount.destination ?? ''],
        ['type', mount.type ?? ''],
        ['source', mount.source ?? ''],
        ['options', plain(mount.options ?? [])],
        ['uidmappings', plain(mount.uidmappings ?? [])],
        ['gidmappings', plain(mount.gidmappings ?? [])],
      ])
    : fields([
        ['destination', mount.destination ?? ''],
        ['type', filled(mount.type)],
        ['source', filled(mount.source)],
        ['options', mount.options?.length === 0 ? undefined : optional(mount.options)],
        ['uidMappings', mount.uidmappings?.length === 0 ? undefined : optional(mount.uidmappings)],
        ['gidMappings', mount.gidmappings?.length === 0 ? undefined : optional(mount.gidmappings)],
      ]);

const deviceFields = (device: Device): Fields =>
  fields([
    ['path', device.path],
    ['type', device.type],
    ['major', device.major ?? 0],
    ['minor', device.minor ?? 0],
    ['mode', device.mode],
  ]);

const interfaceFields = (item: Interface): Fields =>
  fields([
    ['name', filled(item.name)],
    ['add', filled(item.add)],
    ['peer', filled(item.peer)],
    ['createInRoot', item.createInRoot ?? false],
  ]);

const runtimeFields = (runtime: Runtime, format: SpecFormat): Fields => {
  const { cgroup, ipc, mnt, net, pid, user, uts } = runtime.bindNS ?? {};
  const bindNS = plain({ cgroup, ipc, mnt, net, pid, user, uts });
  const isEmpty = bindNS instanceof Map && bindNS.size === 0;
  return fields([
    ['cgroups', optional(runtime.cgroups)],
    ['mounts', list(runtime.mounts, (mount) => mountFields(mount, format))],
    ['mkdir', optional(runtime.mkdir)],
    ['interfaces', list(runtime.interfaces, interfaceFields)],
    ['bindNS', isEmpty && format === 'yaml' ? undefined : bindNS],
    ['namespace', runtime.namespace],
  ]);
};

const containerFields = (container: Container, format: SpecFormat): Fields =>
  fields([
    ['name', container.name],
    ['image', container.image],
    ['capabilities', optional(container.capabilities)],
    ['capabilities.add', optional(container['capabilities.add'])],
    ['ambient', optional(container.ambient)],
    ['mounts', list(container.mounts, (mount) => mountFields(mount, format))],
    ['binds', optional(container.binds)],
    ['binds.add', optional(container['binds.add'])],
    ['devices', list(container.devices, deviceFields)],
    ['tmpfs', optional(container.tmpfs)],
    ['command', optional(container.command)],
    ['env', optional(container.env)],
    ['cwd', filled(container.cwd)],
    ['net', filled(container.net)],
    ['pid', filled(container.pid)],
    ['ipc', filled(container.ipc)],
    ['uts', filled(container.uts)],
    ['userns', filled(container.userns)],
    ['hostname', filled(container.hostname)],
    ['readonly', container.readonly],
    ['maskedPaths', optional(container.maskedPaths)],
    ['readonlyPaths', optional(container.readonlyPaths)],
    ['uid', container.uid],
    ['gid', container.gid],
    ['additionalGids', optional(container.additionalGids)],
    ['noNewPrivileges', container.noNewPrivileges],
    ['oomScoreAdj', container.oomScoreAdj],
    ['rootfsPropagation', container.rootfsPropagation],
    ['cgroupsPath', container.cgroupsPath],
    ['resources', optional(container.resources)],
    ['sysctl', sorted(container.sysctl, format)],
    ['rlimits', optional(container.rlimits)],
    ['uidMappings', optional(container.uidMappings)],
    ['gidMappings', optional(container.gidMappings)],
    ['annotations', sorted(container.annotations, format)],
    ['runtime', container.runtime === undefined ? undefined : runtimeFields(container.runtime, format)],
    ['landlock', optional(container.landlock)],
  ]);

const kernelFields = (kernel: ImageKernel | undefined): Fields =>
  fields([
    ['image', kernel?.image ?? ''],
    ['cmdline', filled(kernel?.cmdline)],
    ['binary', filled(kernel?.binary)],
    ['tar', kernel?.tar],
    ['ucode', kernel?.ucode],
  ]);

const fileFields = (file: FileEntry): Fields =>
  fields([
    ['path', file.path],
    ['directory', file.directory ?? false],
    ['symlink', file.symlink],
    ['contents', file.contents],
    ['source', file.source],
    ['metadata', file.metadata],
    ['optional', file.optional ?? false],
    ['mode', file.mode],
    ['uid', file.uid],
    ['gid', file.gid],
  ]);

const volumeFields = (volume: Volume): Fields =>
  fields([
    ['name', volume.name],
    ['image', filled(volume.image)],
    ['readonly', volume.readonly === true ? true : undefined],
    ['format', filled(volume.format)],
    ['platforms', volume.platforms?.length === 0 ? undefined : optional(volume.platforms)],
  ]);

/** LinuxKit's part of a specification, in LinuxKit's order. */
export const linuxkitFields = (spec: ImageFile, format: SpecFormat): Fields => {
  const entries = <T>(values: readonly T[], one: (value: T) => Plain): Plain =>
    // as Go's JSON writes a list that nobody has filled
    values.length === 0 && format === 'json' ? null : values.map((value) => one(value));
  const container = (value: Container) => containerFields(value, format);
  return fields([
    ['kernel', kernelFields(spec.kernel)],
    ['init', entries(spec.init, plain)],
    ['onboot', entries(spec.onboot, container)],
    ['onshutdown', entries(spec.onshutdown, container)],
    ['services', entries(spec.services, container)],
    ['files', entries(spec.files, fileFields)],
    ['volumes', entries(spec.volumes, volumeFields)],
  ]);
};
