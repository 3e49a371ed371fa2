import { z } from 'zod';
import { IdMapping, Mount } from './container-mount.ts';
import { Resources } from './container-resources.ts';
import { Runtime } from './container-runtime.ts';
import { UserId } from './user-id.ts';

const strings = z.array(z.string());

const Device = z.strictObject({
  /** `all`: every device of this type, by a rule of the device cgroup only */
  path: z.string(),
  type: z.enum(['b', 'c', 'u', 'p', 'a']).optional(),
  major: z.int().optional(),
  minor: z.int().optional(),
  /** octal, quoted */
  mode: z
    .string()
    .regex(/^[0-7]{1,5}$/, 'an octal mode in quotes, such as "0660"')
    .optional(),
});
export type Device = z.infer<typeof Device>;

const LIMITS =
  'cpu|fsize|data|stack|core|rss|nproc|nofile|memlock|as|locks|sigpending|msgqueue|nice|rtprio|rttime';
const RLIMIT = new RegExp(
  `^\\s*(?:rlimit_)?(?:${LIMITS})\\s*,\\s*(?:\\d+|unlimited)\\s*(?:,\\s*(?:\\d+|unlimited)\\s*)?$`,
  'i',
);

/** In the order in which LinuxKit writes them. */
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
  userns: z.string().optional(),
  hostname: z.string().optional(),
  readonly: z.boolean().optional(),
  maskedPaths: strings.optional(),
  readonlyPaths: strings.optional(),
  uid: UserId.optional(),
  gid: UserId.optional(),
  additionalGids: z.array(UserId).optional(),
  noNewPrivileges: z.boolean().optional(),
  oomScoreAdj: z.int().min(-1000).max(1000).optional(),
  rootfsPropagation: z.string().optional(),
  cgroupsPath: z.string().optional(),
  resources: Resources.optional(),
  sysctl: z.record(z.string(), z.string()).optional(),
  /** `name,soft,hard`, such as `nofile,1024,4096` or `memlock,unlimited,unlimited`; `name,both` too */
  rlimits: z
    .array(z.string().regex(RLIMIT, 'a limit such as nofile,1024,4096 or memlock,unlimited,unlimited'))
    .optional(),
  uidMappings: z.array(IdMapping).optional(),
  gidMappings: z.array(IdMapping).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  runtime: Runtime.optional(),
};

/** What the label `org.mobyproject.config` of an image may hold: everything but `name` and `image`. */
export const ContainerSettings = z.strictObject(shape);
export type ContainerSettings = z.infer<typeof ContainerSettings>;

/** One entry of `onboot`, `onshutdown` or `services`; the names and meanings are LinuxKit's. */
export const Container = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,75}$/, 'letters, digits, _ . and -, at most 76'),
  image: z.string(),
  ...shape,
});
export type Container = z.infer<typeof Container>;
