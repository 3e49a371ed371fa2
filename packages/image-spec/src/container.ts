import { z } from 'zod';
import { IdMapping, Mount } from './container-mount.ts';
import { Resources } from './container-resources.ts';
import { Runtime } from './container-runtime.ts';
import { InlineBuild } from './dockerfile-build.ts';
import { Landlock } from './landlock.ts';
import { UserId } from './user-id.ts';

/** What may stand for an image. */
export const REFERENCE =
  'NAME[:TAG][@DIGEST] of a registry, oci:PATH, oci-archive:PATH, docker-archive:PATH, deb:NAME, or dockerfile:NAME.';

const strings = (description: string) => z.array(z.string()).optional().describe(description);
const text = (description: string) => z.string().optional().describe(description);
const namespace = (what: string, usual: string) =>
  text(`The ${what} namespace: host, new, or the path of one. ${usual}`);

const Device = z
  .strictObject({
    path: z.string().describe('Where it is in the container; `all` allows every device of the type.'),
    type: z
      .enum(['b', 'c', 'u', 'p', 'a'])
      .optional()
      .describe('Block, character, unbuffered, pipe, or all.'),
    major: z.int().optional().describe('Major number.'),
    minor: z.int().optional().describe('Minor number.'),
    mode: z
      .string()
      .regex(/^[0-7]{1,5}$/, 'an octal mode in quotes, such as "0660"')
      .optional()
      .describe('Octal, in quotes.'),
  })
  .meta({ id: 'device', description: 'A device that the container gets.' });
export type Device = z.infer<typeof Device>;

const LIMITS =
  'cpu|fsize|data|stack|core|rss|nproc|nofile|memlock|as|locks|sigpending|msgqueue|nice|rtprio|rttime';
const RLIMIT = new RegExp(
  `^\\s*(?:rlimit_)?(?:${LIMITS})\\s*,\\s*(?:\\d+|unlimited)\\s*(?:,\\s*(?:\\d+|unlimited)\\s*)?$`,
  'i',
);

/** In the order in which LinuxKit writes them. */
const shape = {
  capabilities: strings('Capabilities it may use: all, none, or names such as CAP_NET_ADMIN.'),
  'capabilities.add': strings("Capabilities beside those of the image's label."),
  ambient: strings('Capabilities that programs keep across exec.'),
  mounts: z.array(Mount).optional().describe('Mounts in full; one of the same destination replaces.'),
  binds: strings('SOURCE:DESTINATION[:OPTIONS], the source a path of the image or the name of a volume.'),
  'binds.add': strings("Binds beside those of the image's label."),
  devices: z.array(Device).optional().describe('Devices it gets.'),
  tmpfs: strings('DESTINATION[:OPTIONS] of file systems in memory.'),
  command: strings("What is run instead of the image's entrypoint and command."),
  env: strings("NAME=VALUE instead of the image's environment."),
  cwd: text('The working directory.'),
  net: namespace('network', "`none` is new too. By default the host's."),
  pid: namespace('process', 'By default a new one.'),
  ipc: namespace('ipc', "By default the host's."),
  uts: namespace('host name', "By default the host's."),
  userns: namespace('user', "By default the host's."),
  hostname: text('The host name within a new uts namespace.'),
  readonly: z.boolean().optional().describe('Whether its root is read-only.'),
  maskedPaths: strings('Paths that are hidden from it.'),
  readonlyPaths: strings('Paths that are read-only to it.'),
  uid: UserId.optional().describe('The user it runs as: a number, root or the name of a container.'),
  gid: UserId.optional().describe('Its group: a number, root or the name of a container.'),
  additionalGids: z.array(UserId).optional().describe('Further groups.'),
  noNewPrivileges: z.boolean().optional().describe('Whether set-user-id programs gain nothing.'),
  oomScoreAdj: z
    .int()
    .min(-1000)
    .max(1000)
    .optional()
    .describe('How soon it is killed when memory runs out.'),
  rootfsPropagation: text('How mounts spread: shared, slave or private.'),
  cgroupsPath: text('Path of its cgroup.'),
  resources: Resources.optional().describe('Resource limits.'),
  sysctl: z.record(z.string(), z.string()).optional().describe('Kernel parameters of its namespaces.'),
  rlimits: z
    .array(z.string().regex(RLIMIT, 'a limit such as nofile,1024,4096 or memlock,unlimited,unlimited'))
    .optional()
    .describe('NAME,SOFT,HARD, such as nofile,1024,4096 or memlock,unlimited,unlimited.'),
  uidMappings: z.array(IdMapping).optional().describe('Users of its user namespace.'),
  gidMappings: z.array(IdMapping).optional().describe('Groups of its user namespace.'),
  annotations: z.record(z.string(), z.string()).optional().describe('Annotations of the OCI configuration.'),
  runtime: Runtime.optional().describe('Cgroups, mounts, folders and interfaces that init makes for it.'),
  /** Slipway's own, after LinuxKit's */
  landlock: Landlock.optional().describe('What it may reach, held to by the kernel.'),
};

/** What the label `org.mobyproject.config` of an image may hold: everything but `name` and `image`. */
export const ContainerSettings = z.strictObject(shape);
export type ContainerSettings = z.infer<typeof ContainerSettings>;

/** One entry of `onboot`, `onshutdown` or `services` as written; names and meanings are LinuxKit's, but for `build`. */
export const ContainerText = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,75}$/, 'letters, digits, _ . and -, at most 76')
      .describe('Its name; no other service may have it.'),
    image: z.string().optional().describe(REFERENCE),
    build: InlineBuild.optional(),
    ...shape,
  })
  .meta({
    id: 'container',
    description: 'A container; what is left out is what the label of its image says.',
  });
/** The same with a reference to its component, wherever that comes from. */
export type Container = Omit<z.infer<typeof ContainerText>, 'image' | 'build'> & { image: string };
