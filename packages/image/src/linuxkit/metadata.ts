import {
  compareKeys,
  type Container,
  type FileEntry,
  type ImageFile,
  type Mount,
  type Volume,
} from '@slipway/image-spec';
import { encodeGoJson, omitEmpty, sortedMap, type Json, type JsonObject } from './go-json.ts';
import { encodeGoYaml } from './go-yaml.ts';
import { imageName } from './image-name.ts';
import { mappings, mountJson } from './spec-mounts.ts';

type Format = 'yaml' | 'json';
type Maybe = Readonly<Record<string, unknown>>;

/** What is given is written, even if it holds nothing. */
const given = (values: Maybe): JsonObject => {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) result[key] = plain(value);
  return result;
};

/** Drops members that are undefined, all the way down. */
const plain = (value: unknown): Json => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return given(Object.fromEntries(Object.entries(value)));
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
};

/** In YAML numbers within keys are sorted by value, in JSON keys are by their bytes. */
const map = (value: Readonly<Record<string, string>> | undefined, format: Format): JsonObject | undefined =>
  value === undefined ? undefined : sortedMap(value, format === 'yaml' ? compareKeys : undefined);

/** In YAML LinuxKit writes mounts with every member. */
const mount = (value: Mount, format: Format): JsonObject => {
  if (format === 'json') return mountJson(value);
  const { destination = '', type = '', source = '', options = [], uidmappings, gidmappings } = value;
  return {
    destination,
    type,
    source,
    options,
    uidmappings: mappings(uidmappings),
    gidmappings: mappings(gidmappings),
  };
};

const runtime = (value: NonNullable<Container['runtime']>, format: Format): JsonObject => {
  const bindNS = given(value.bindNS ?? {});
  return {
    ...given({
      cgroups: value.cgroups,
      mounts: value.mounts?.map((item) => mount(item, format)),
      mkdir: value.mkdir,
      interfaces: value.interfaces?.map(({ name, add, peer, createInRoot = false }) => ({
        ...omitEmpty({ name, add, peer }),
        createInRoot,
      })),
    }),
    ...(format === 'json' ? { bindNS } : omitEmpty({ bindNS })),
    ...given({ namespace: value.namespace }),
  };
};

const container = (value: Container, format: Format): JsonObject => ({
  name: value.name,
  image: imageName(value.image),
  ...given({
    capabilities: value.capabilities,
    'capabilities.add': value['capabilities.add'],
    ambient: value.ambient,
    mounts: value.mounts?.map((item) => mount(item, format)),
    binds: value.binds,
    'binds.add': value['binds.add'],
    devices: value.devices?.map(({ path, type = '', major = 0, minor = 0, mode }) => ({
      path,
      type,
      major,
      minor,
      ...omitEmpty({ mode }),
    })),
    tmpfs: value.tmpfs,
    command: value.command,
    env: value.env,
  }),
  ...omitEmpty({
    cwd: value.cwd,
    net: value.net,
    pid: value.pid,
    ipc: value.ipc,
    uts: value.uts,
    userns: value.userns,
    hostname: value.hostname,
  }),
  ...given({
    readonly: value.readonly,
    maskedPaths: value.maskedPaths,
    readonlyPaths: value.readonlyPaths,
    uid: value.uid,
    gid: value.gid,
    additionalGids: value.additionalGids,
    noNewPrivileges: value.noNewPrivileges,
    oomScoreAdj: value.oomScoreAdj,
    rootfsPropagation: value.rootfsPropagation,
    cgroupsPath: value.cgroupsPath,
    resources: value.resources,
    sysctl: map(value.sysctl, format),
    rlimits: value.rlimits,
    uidMappings: value.uidMappings === undefined ? undefined : mappings(value.uidMappings),
    gidMappings: value.gidMappings === undefined ? undefined : mappings(value.gidMappings),
    annotations: map(value.annotations, format),
    runtime: value.runtime === undefined ? undefined : runtime(value.runtime, format),
  }),
});

const file = (value: FileEntry): JsonObject => ({
  path: value.path,
  directory: value.directory ?? false,
  ...omitEmpty({ symlink: value.symlink }),
  ...given({ contents: value.contents }),
  ...omitEmpty({ source: value.source, metadata: value.metadata }),
  optional: value.optional ?? false,
  ...omitEmpty({ mode: value.mode }),
  ...given({ uid: value.uid, gid: value.gid }),
});

/** LinuxKit writes out every image's name but those of volumes. */
const volume = ({ name, image, readonly, format, platforms }: Volume): JsonObject => ({
  name,
  ...omitEmpty({ image, readonly, format, platforms }),
});

/**
 * The specification of an image in full, as LinuxKit writes it: every file of it merged, names of images written out. What
 * it gives is an image file again. Slipway's own keys follow if the image needs them to be built.
 */
export const metadata = (spec: ImageFile, format: Format): string => {
  // Go has no empty list where nobody wrote one: null in JSON.
  const list = (items: readonly JsonObject[] | readonly string[]): Json =>
    items.length === 0 && format === 'json' ? null : items;
  const containers = (items: readonly Container[]): Json =>
    list(items.map((item) => container(item, format)));
  const kernel = spec.kernel;
  const value: JsonObject = {
    kernel: {
      image: kernel === undefined ? '' : imageName(kernel.image),
      ...omitEmpty({ cmdline: kernel?.cmdline, binary: kernel?.binary }),
      ...given({ tar: kernel?.tar, ucode: kernel?.ucode }),
    },
    init: list(spec.init.map(imageName)),
    onboot: containers(spec.onboot),
    onshutdown: containers(spec.onshutdown),
    services: containers(spec.services),
    files: list(spec.files.map(file)),
    volumes: list(spec.volumes.map(volume)),
    ...omitEmpty({ packages: plain(spec.packages), debian: plain(spec.debian ?? []) }),
  };
  return format === 'json' ? encodeGoJson(value) : encodeGoYaml(value);
};
