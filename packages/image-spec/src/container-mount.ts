import { z } from 'zod';

/** With the names of the OCI runtime specification. */
export const IdMapping = z
  .strictObject({
    containerID: z.int().min(0).optional().describe('The first number inside the container.'),
    hostID: z.int().min(0).optional().describe('The number outside that it stands for.'),
    size: z.int().min(0).optional().describe('How many numbers are mapped.'),
  })
  .meta({ id: 'idMapping', description: 'A range of users or groups of a user namespace.' });
export type IdMapping = z.infer<typeof IdMapping>;

/**
 * A mount in full. Left out, `type` and `destination` follow from one another where LinuxKit knows better: `proc`,
 * `sysfs`, `devpts`, `cgroup` and `mqueue` have their places. An empty text is as good as none.
 */
export const Mount = z
  .strictObject({
    destination: z
      .string()
      .optional()
      .describe('Where it is mounted; may be left out for proc, sysfs, devpts, cgroup and mqueue.'),
    type: z
      .string()
      .optional()
      .describe('Such as bind, tmpfs or overlay; may be left out if the source is proc, sysfs, cgroup …'),
    source: z
      .string()
      .optional()
      .describe('A path of the image, the name of a volume, or what the kind of file system asks for.'),
    options: z.array(z.string()).optional().describe('Such as ro, rbind, size=10m.'),
    uidmappings: z.array(IdMapping).optional().describe('Users of an id-mapped mount.'),
    gidmappings: z.array(IdMapping).optional().describe('Groups of an id-mapped mount.'),
  })
  .meta({ id: 'mount', description: 'A mount in full; binds and tmpfs are shorter.' });
export type Mount = z.infer<typeof Mount>;
