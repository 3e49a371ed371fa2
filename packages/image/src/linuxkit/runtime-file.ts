import type { Container, Mount } from '@slipway/image-spec';
import { omitEmpty, type JsonObject } from './go-json.ts';
import { mountJson } from './spec-mounts.ts';

/**
 * `runtime.json` of a container: what init does around it. Everything is there, even if it holds nothing.
 *
 * @param rootMounts what makes its root, before the mounts that the image file asks for
 */
export const runtimeFile = (runtime: Container['runtime'], rootMounts: readonly Mount[]): JsonObject => {
  const {
    cgroups = [],
    mounts = [],
    mkdir = [],
    interfaces = [],
    bindNS = {},
    namespace = '',
  } = runtime ?? {};
  const { cgroup = '', ipc = '', mnt = '', net = '', pid = '', user = '', uts = '' } = bindNS;
  return {
    cgroups,
    mounts: [...rootMounts, ...mounts].map(mountJson),
    mkdir,
    interfaces: interfaces.map(({ name, add, peer, createInRoot = false }) => ({
      ...omitEmpty({ name, add, peer }),
      createInRoot,
    })),
    bindNS: { cgroup, ipc, mnt, net, pid, user, uts },
    namespace,
  };
};
