import { z } from 'zod';

const strings = z.array(z.string());
const absolute = z.string().startsWith('/', 'an absolute path');

const Mount = z.strictObject({
  destination: absolute,
  type: z.string().optional(),
  source: z.string().optional(),
  options: strings.optional(),
});
export type Mount = z.infer<typeof Mount>;

const Device = z.strictObject({
  path: z.string(),
  type: z.enum(['b', 'c', 'u', 'p', 'a']).optional(),
  major: z.int().optional(),
  minor: z.int().optional(),
  mode: z.string().optional(),
});
export type Device = z.infer<typeof Device>;

const Interface = z.strictObject({
  name: z.string(),
  add: z.string().optional(),
  peer: z.string().optional(),
  createInRoot: z.boolean().optional(),
});

/** Resource limits, with the names and units of the OCI runtime specification. */
const Resources = z.strictObject({
  memory: z
    .strictObject({
      limit: z.int().optional(),
      reservation: z.int().optional(),
      swap: z.int().optional(),
      swappiness: z.int().min(0).max(100).optional(),
      disableOOMKiller: z.boolean().optional(),
    })
    .optional(),
  cpu: z
    .strictObject({
      shares: z.int().optional(),
      quota: z.int().optional(),
      period: z.int().optional(),
      cpus: z.string().optional(),
      mems: z.string().optional(),
    })
    .optional(),
  pids: z.strictObject({ limit: z.int() }).optional(),
});

const shape = {
  capabilities: strings.optional(),
  'capabilities.add': strings.optional(),
  ambient: strings.optional(),
  mounts: z.array(Mount).optional(),
  binds: strings.optional(),
  'binds.add': strings.optional(),
  devices: z.array(Device).optional(),
  tmpfs: strings.optional(),
  command: strings.optional(),
  env: strings.optional(),
  cwd: z.string().optional(),
  net: z.string().optional(),
  pid: z.string().optional(),
  ipc: z.string().optional(),
  uts: z.string().optional(),
  readonly: z.boolean().optional(),
  maskedPaths: strings.optional(),
  readonlyPaths: strings.optional(),
  uid: z.int().min(0).optional(),
  gid: z.int().min(0).optional(),
  additionalGids: z.array(z.int().min(0)).optional(),
  noNewPrivileges: z.boolean().optional(),
  hostname: z.string().optional(),
  oomScoreAdj: z.int().min(-1000).max(1000).optional(),
  rootfsPropagation: z.string().optional(),
  cgroupsPath: z.string().optional(),
  resources: Resources.optional(),
  sysctl: z.record(z.string(), z.string()).optional(),
  /** `name,soft,hard`, such as `nofile,1024,4096` or `memlock,unlimited` */
  rlimits: z
    .array(
      z
        .string()
        .regex(
          /^[a-z]+,(?:\d+|unlimited)(?:,(?:\d+|unlimited))?$/,
          'a limit such as nofile,1024,4096 or memlock,unlimited',
        ),
    )
    .optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  runtime: z
    .strictObject({
      cgroups: strings.optional(),
      mounts: z.array(Mount).optional(),
      mkdir: z.array(absolute).optional(),
      interfaces: z.array(Interface).max(0, 'nothing yet: network interfaces are not supported').optional(),
      namespace: z.string().optional(),
    })
    .optional(),
};

/** What the label `org.mobyproject.config` of an image may hold: everything but `name` and `image`. */
export const ContainerSettings = z.strictObject(shape);
export type ContainerSettings = z.infer<typeof ContainerSettings>;

/** One entry of `onboot`, `onshutdown` or `services`; the names and meanings are LinuxKit's. */
export const Container = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'letters, digits, _ . and -, at most 63'),
  image: z.string(),
  ...shape,
});
export type Container = z.infer<typeof Container>;
