import type { Component } from '@slipway/components';
import { userNumber, type Container } from '@slipway/image-spec';
import { listCapabilities } from '../capabilities.ts';
import { omitEmpty, sortedMap, type JsonObject } from './go-json.ts';
import { specLimit } from './spec-limits.ts';
import { mappings, specMounts } from './spec-mounts.ts';
import { specDevices, specResources } from './spec-resources.ts';

/** Of the runtime specification that LinuxKit 1.8 writes. */
const OCI_VERSION = '1.2.1';

/** @param isNew values that mean a new one; `host` and `root` mean the host's, everything else is the path of one */
const namespace = (type: string, value: string, isNew: readonly string[] = ['', 'new']): JsonObject[] =>
  value === 'host' || value === 'root'
    ? []
    : [{ type, ...omitEmpty({ path: isNew.includes(value) ? '' : value }) }];

const namespaces = ({ net, ipc, uts, pid, userns }: Container): JsonObject[] => [
  ...namespace('network', net || 'host', ['new', 'none']),
  ...namespace('ipc', ipc || 'host'),
  ...namespace('uts', uts || 'host'),
  ...namespace('pid', pid ?? ''),
  ...namespace('user', userns || 'host'),
  { type: 'mount' },
  { type: 'cgroup' },
];

/** `effective` and `ambient` keep the order in which they are written, the others are sorted and hold both. */
const capabilities = (container: Container): JsonObject => {
  const effective = listCapabilities(container.capabilities ?? [], container.name);
  const ambient = listCapabilities(container.ambient ?? [], container.name);
  const bounding = [...new Set([...effective, ...ambient])].sort();
  return omitEmpty({ bounding, effective, inheritable: bounding, permitted: bounding, ambient });
};

/** A container that a bundle is made for. */
export type ContainerInput = {
  /** with what its image's label says, and with the paths of volumes */
  readonly container: Container;
  /** of the image */
  readonly config: Component['config'];
  /** numbers of users that are named after containers */
  readonly users: ReadonlyMap<string, number>;
  /** place in the image file, such as `services[0]` */
  readonly where: string;
};

/**
 * `config.json` of a container, as LinuxKit writes it. The user that the image names is not looked at, a container gets no
 * capabilities, seccomp filter or masked paths that nobody asks for, and it may have nothing to start.
 *
 * What differs: values that LinuxKit accepts and then loses, because it reads them by a name in small letters, hold here
 * (`uidMappings`, `gidMappings`, `disableOOMKiller`, `kernelTCP`, `realtimeRuntime`, `hugepageLimits`, `weightDevice` and
 * the like).
 *
 * @throws {SlipwayError} SPEC_INVALID
 */
export const containerSpec = ({ container, config, users, where }: ContainerInput): JsonObject => {
  const id = (value: Container['uid'], key: string): number => userNumber(value, users, `${where}.${key}`);
  const devices = specDevices(container, where);
  return {
    ociVersion: OCI_VERSION,
    process: {
      user: {
        uid: id(container.uid, 'uid'),
        gid: id(container.gid, 'gid'),
        ...omitEmpty({
          additionalGids: container.additionalGids?.map((group, index) =>
            id(group, `additionalGids[${index}]`),
          ),
        }),
      },
      ...omitEmpty({
        args: container.command ?? [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
        env: container.env ?? config.Env,
      }),
      cwd: container.cwd || config.WorkingDir || '/',
      capabilities: capabilities(container),
      ...omitEmpty({
        rlimits: container.rlimits?.map((text, index) => specLimit(text, `${where}.rlimits[${index}]`)),
        noNewPrivileges: container.noNewPrivileges,
        oomScoreAdj: container.oomScoreAdj,
      }),
    },
    root: { path: 'rootfs', ...omitEmpty({ readonly: container.readonly }) },
    ...omitEmpty({
      hostname: container.hostname,
      mounts: specMounts(container, where),
      annotations: sortedMap(container.annotations),
    }),
    linux: {
      ...omitEmpty({
        uidMappings: mappings(container.uidMappings),
        gidMappings: mappings(container.gidMappings),
        sysctl: sortedMap(container.sysctl),
      }),
      resources: specResources(container.resources, devices.rules),
      ...omitEmpty({
        cgroupsPath: container.cgroupsPath,
        namespaces: namespaces(container),
        devices: devices.nodes,
        rootfsPropagation: container.rootfsPropagation,
        maskedPaths: container.maskedPaths,
        readonlyPaths: container.readonlyPaths,
      }),
    },
  };
};
