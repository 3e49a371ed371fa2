import { z } from 'zod';

/** `hostID` and the others as the OCI runtime specification has them. */
export const IdMapping = z.strictObject({
  containerID: z.int().min(0).optional(),
  hostID: z.int().min(0).optional(),
  size: z.int().min(0).optional(),
});
export type IdMapping = z.infer<typeof IdMapping>;

/**
 * A mount in full. Left out, `type` and `destination` follow from one another where LinuxKit knows better: `proc`,
 * `sysfs`, `devpts`, `cgroup` and `mqueue` have their places.
 */
export const Mount = z.strictObject({
  destination: z.string().optional(),
  type: z.string().optional(),
  source: z.string().optional(),
  options: z.array(z.string()).optional(),
  uidmappings: z.array(IdMapping).optional(),
  gidmappings: z.array(IdMapping).optional(),
});
export type Mount = z.infer<typeof Mount>;
