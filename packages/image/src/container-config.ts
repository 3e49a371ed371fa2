import type { Tree } from '@slipway/components';
import type { OciConfig } from '@slipway/oci';
import type { Container } from '@slipway/image-spec';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { expandCapabilities } from './capabilities.ts';
import { containerMounts, type OciMount } from './container-mounts.ts';
import { containerUser, type User } from './container-user.ts';
import { landlockCommand } from './landlock.ts';
import { specResources } from './linuxkit/spec-resources.ts';
import { seccompProfile, type Seccomp } from './seccomp.ts';

type Namespace = { readonly type: string; readonly path?: string };
type DeviceRule = {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly access: string;
};

/** `config.json` of a bundle: the parts of the OCI runtime specification 1.2 that Slipway sets. */
export type RuntimeConfig = {
  readonly ociVersion: string;
  readonly process: {
    readonly terminal: false;
    readonly user: User;
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: Readonly<
      Record<'bounding' | 'effective' | 'inheritable' | 'permitted' | 'ambient', readonly string[]>
    >;
    readonly noNewPrivileges: boolean;
    readonly oomScoreAdj?: number;
    readonly rlimits?: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  };
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname?: string;
  readonly mounts: readonly OciMount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux: {
    readonly cgroupsPath: string;
    readonly namespaces: readonly Namespace[];
    readonly devices: readonly {
      type: string;
      path: string;
      major: number;
      minor: number;
      fileMode: number;
    }[];
    readonly resources: Readonly<Record<string, unknown>> & { readonly devices: readonly DeviceRule[] };
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly seccomp?: Seccomp;
    readonly sysctl?: Readonly<Record<string, string>>;
    readonly rootfsPropagation?: string;
  };
};

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Parts of /proc and /sys that tell about or change the whole machine. */
const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/firmware',
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** `host` shares, `new` and `none` isolate, an absolute path joins. */
const namespace = (type: string, value: string | undefined, ifAbsent: 'host' | 'new'): Namespace[] => {
  const mode = value === undefined || value === '' ? ifAbsent : value;
  if (mode === 'host') return [];
  return mode.startsWith('/') ? [{ type, path: mode }] : [{ type }];
};

const rlimit = (text: string) => {
  const [name = '', soft = '', hard = soft] = text.split(',');
  const UNLIMITED = Number.MAX_SAFE_INTEGER;
  const limit = (value: string) => (value === 'unlimited' ? UNLIMITED : Number(value));
  return { type: `RLIMIT_${name.toUpperCase()}`, soft: limit(soft), hard: limit(hard) };
};

const deviceRules = (container: Container): DeviceRule[] => [
  { allow: false, access: 'rwm' },
  ...(container.resources?.devices ?? []).map(({ allow = false, access = 'rwm', type, major, minor }) => ({
    allow,
    ...(type === undefined ? {} : { type }),
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access,
  })),
  ...(container.devices ?? []).map(({ path, type, major, minor }) =>
    path === 'all'
      ? { allow: true, type: type ?? 'a', access: 'rwm' }
      : {
          allow: true,
          type: type ?? 'c',
          ...(major === undefined ? {} : { major }),
          ...(minor === undefined ? {} : { minor }),
          access: 'rwm',
        },
  ),
];

const command = (container: Container, config: OciConfig): readonly string[] => {
  const args = container.command ?? [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (args.length === 0)
    throw new SlipwayError(
      'SPEC_INVALID',
      `container ${container.name}: nothing to start, because neither its image (${container.image}) has an entrypoint ` +
        'or command nor does the image file; add `command` to the container',
      { details: { container: container.name } },
    );
  return container.landlock === undefined ? args : landlockCommand(container.landlock, args);
};

/** Unlike with LinuxKit, what may change must be said. */
export const isReadOnly = (container: Pick<Container, 'readonly'>): boolean => container.readonly !== false;

const environment = (container: Container, config: OciConfig): string[] => {
  const env = container.env ?? config.Env ?? [];
  return env.some((assignment) => assignment.startsWith('PATH=')) ? [...env] : [DEFAULT_PATH, ...env];
};

/**
 * What the container runtime is told about a container. The meanings and defaults are LinuxKit's, except that a
 * container gets a seccomp filter, no new privileges, a read-only root, masked paths and no devices unless the image file
 * says otherwise, and is held to the rules of Landlock that it declares.
 *
 * @param section of the image file
 * @param users numbers that names of containers stand for
 * @param root files of the container's image
 * @throws {SlipwayError} SPEC_INVALID, COMPONENT_INVALID
 */
export const containerConfig = (
  section: 'onboot' | 'onshutdown' | 'services',
  container: Container,
  config: OciConfig,
  root: Tree,
  arch: Arch,
  users: ReadonlyMap<string, number>,
): RuntimeConfig => {
  const capabilities = expandCapabilities(container.capabilities ?? [], container.name);
  const ambient = expandCapabilities(container.ambient ?? [], container.name);
  // A container that administers the machine needs all of /proc; it could unmask it anyway.
  const isAdministrator = capabilities.includes('CAP_SYS_ADMIN');
  const { devices: _rules, ...resources } = container.resources ?? {};
  return {
    ociVersion: '1.2.0',
    process: {
      terminal: false,
      user: containerUser(container, config.User, root, users),
      args: command(container, config),
      env: environment(container, config),
      cwd:
        container.cwd ??
        (config.WorkingDir === undefined || config.WorkingDir === '' ? '/' : config.WorkingDir),
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        inheritable: capabilities,
        permitted: capabilities,
        ambient,
      },
      noNewPrivileges: container.noNewPrivileges ?? true,
      ...(container.oomScoreAdj === undefined ? {} : { oomScoreAdj: container.oomScoreAdj }),
      ...(container.rlimits === undefined ? {} : { rlimits: container.rlimits.map(rlimit) }),
    },
    root: { path: 'rootfs', readonly: isReadOnly(container) },
    ...(container.hostname === undefined ? {} : { hostname: container.hostname }),
    mounts: containerMounts(container),
    ...(container.annotations === undefined ? {} : { annotations: container.annotations }),
    linux: {
      cgroupsPath: container.cgroupsPath ?? `/${section}/${container.name}`,
      namespaces: [
        ...namespace('network', container.net, 'host'),
        ...namespace('pid', container.pid, 'new'),
        ...namespace('ipc', container.ipc, 'host'),
        ...namespace('uts', container.uts, container.hostname === undefined ? 'host' : 'new'),
        { type: 'mount' },
        { type: 'cgroup' },
      ],
      devices: (container.devices ?? []).flatMap(({ path, type, major, minor, mode }) =>
        path === 'all' || major === undefined || minor === undefined
          ? []
          : [
              {
                type: type ?? 'c',
                path,
                major,
                minor,
                fileMode: mode === undefined ? 0o660 : Number.parseInt(mode, 8),
              },
            ],
      ),
      resources: { ...specResources(resources, []), devices: deviceRules(container) },
      maskedPaths: container.maskedPaths ?? (isAdministrator ? [] : MASKED),
      readonlyPaths: container.readonlyPaths ?? (isAdministrator ? [] : READ_ONLY),
      seccomp: seccompProfile(arch, capabilities),
      ...(container.sysctl === undefined ? {} : { sysctl: container.sysctl }),
      ...(container.rootfsPropagation === undefined
        ? {}
        : { rootfsPropagation: container.rootfsPropagation }),
    },
  };
};
