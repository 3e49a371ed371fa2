import { z } from 'zod';
import { Mount } from './container-mount.ts';

const strings = (description: string) => z.array(z.string()).optional().describe(description);
const path = (what: string) => z.string().optional().describe(`Where its ${what} namespace is bound to.`);

export const Interface = z
  .strictObject({
    name: z.string().optional().describe('Name of the interface in the container.'),
    add: z.string().optional().describe('Kind of interface to make, such as veth or wireguard.'),
    peer: z.string().optional().describe('Name of the other end of a veth, which stays outside.'),
    createInRoot: z
      .boolean()
      .optional()
      .describe('Whether it is made outside and then moved, as WireGuard needs it.'),
  })
  .meta({
    id: 'interface',
    description: 'A network interface that is moved into the container or made for it.',
  });
export type Interface = z.infer<typeof Interface>;

const Namespaces = z.strictObject({
  cgroup: path('cgroup'),
  ipc: path('ipc'),
  mnt: path('mount'),
  net: path('network'),
  pid: path('pid'),
  user: path('user'),
  uts: path('uts'),
});

/** What init does around a container; not part of its OCI configuration. */
export const Runtime = z
  .strictObject({
    cgroups: strings('Cgroups that are made before the container starts.'),
    mounts: z.array(Mount).optional().describe('Mounts that are made outside before the container starts.'),
    mkdir: strings('Folders that are made outside before the container starts.'),
    interfaces: z.array(Interface).optional().describe('Network interfaces of the container.'),
    bindNS: Namespaces.optional().describe(
      "Files that the container's namespaces are bound to, so that others can join them.",
    ),
    namespace: z.string().optional().describe('Namespace of containerd that it runs in.'),
  })
  .meta({ id: 'runtime', description: 'What init does around the container.' });
export type Runtime = z.infer<typeof Runtime>;
