import { z } from 'zod';
import { Mount } from './container-mount.ts';

const strings = z.array(z.string());

/** A network interface that is moved or made for the container when it starts. */
export const Interface = z.strictObject({
  name: z.string().optional(),
  add: z.string().optional(),
  peer: z.string().optional(),
  createInRoot: z.boolean().optional(),
});
export type Interface = z.infer<typeof Interface>;

/** Where a container's namespaces are bound to, so that others can join them. */
const Namespaces = z.strictObject({
  cgroup: z.string().optional(),
  ipc: z.string().optional(),
  mnt: z.string().optional(),
  net: z.string().optional(),
  pid: z.string().optional(),
  user: z.string().optional(),
  uts: z.string().optional(),
});

/** What init does around a container; not part of its OCI configuration. */
export const Runtime = z.strictObject({
  cgroups: strings.optional(),
  mounts: z.array(Mount).optional(),
  mkdir: strings.optional(),
  interfaces: z.array(Interface).optional(),
  bindNS: Namespaces.optional(),
  namespace: z.string().optional(),
});
export type Runtime = z.infer<typeof Runtime>;
