import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import { ROOT } from './layout.ts';

/**
 * Builder and signer run under bubblewrap, in a file system that holds what they are given here and nothing else: not
 * the keys of the other, not another data directory, not the home of whoever started us. Each has processes of its own,
 * so `/proc` shows no other's memory or open files.
 */
export type Sandbox = {
  readonly readOnly: readonly string[];
  readonly writable: readonly string[];
  readonly network: boolean;
  readonly env: Readonly<Record<string, string>>;
};

/** Name resolution, certificates, package sources, the dynamic linker; no passwords. */
const ETC = (
  'alternatives apt ca-certificates debian_version dpkg group hosts ld.so.cache ld.so.conf ld.so.conf.d localtime ' +
  'mtools.conf nsswitch.conf os-release passwd pki resolv.conf ssl'
)
  .split(' ')
  .map((name) => join('/etc', name));

/** Started by root, bubblewrap would leave all of root's rights, which mount what was masked. */
const ALONE =
  'bwrap --die-with-parent --new-session --as-pid-1 --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --cap-drop ALL'.split(
    ' ',
  );
const OWN = '--proc /proc --dev /dev --tmpfs /tmp'.split(' ');
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib64'];
const SOURCES = ['node_modules', 'packages', 'services', 'device-agent', 'package.json'].map((name) =>
  join(ROOT, name),
);

/** Settings that say where credentials and mirrors of registries are. */
const REGISTRY_SETTINGS = ['DOCKER_CONFIG', 'REGISTRY_AUTH_FILE', 'SLIPWAY_REGISTRIES'];

/** Settings that a program needs on this machine to reach the network at all. */
const NETWORK_SETTINGS =
  /^(?:https?_proxy|no_proxy|all_proxy|npm_config_.*|node_extra_ca_certs|ssl_cert_(?:file|dir))$/i;

const systemFolder = (path: string): string[] => {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink()
    ? ['--symlink', readlinkSync(path), path]
    : ['--ro-bind', path, path];
};

const bindAll = (option: string, paths: readonly string[]): string[] =>
  paths.flatMap((path) => [option, path, path]);

/** Where npm lives, when not with the system: the folder that holds its `bin` and `lib`. */
const npmFolder = (): string[] => {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find((path) => isAbsolute(path) && existsSync(path));
  if (found === undefined || found.startsWith('/usr/') || found.startsWith(ROOT)) return [];
  return [dirname(found), join(realpathSync(found), '..', '..', '..', '..')];
};

const networkSettings = (): [string, string][] =>
  Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && (NETWORK_SETTINGS.test(name) || REGISTRY_SETTINGS.includes(name))
      ? [[name, value]]
      : [],
  );

/** Home of a sandboxed process. */
const HOME = '/tmp';

/** How to reach registries: credentials, mirrors and certificates; those of the home appear in the home inside. */
const registrySettings = (): string[] => {
  const from = (variable: string): string[] => {
    const path = process.env[variable];
    return path !== undefined && isAbsolute(path) ? [path] : [];
  };
  const own = ['.docker/config.json', '.config/containers/auth.json', '.config/slipway/registries.yml'];
  return [
    ...own.flatMap((path) => ['--ro-bind-try', join(homedir(), path), join(HOME, path)]),
    ...bindAll('--ro-bind-try', [
      '/etc/docker/certs.d',
      '/etc/containers/certs.d',
      ...REGISTRY_SETTINGS.flatMap(from),
    ]),
  ];
};

const insideEnvironment = (sandbox: Sandbox): Record<string, string> => ({
  PATH: [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter),
  HOME,
  LANG: 'C.UTF-8',
  ...(sandbox.network ? Object.fromEntries(networkSettings()) : {}),
  ...sandbox.env,
});

/** The command line that runs `command` inside; its descriptor 3 tells the process id, as bubblewrap's `--info-fd`. */
export const sandboxed = (sandbox: Sandbox, command: readonly string[]): string[] => {
  const env = insideEnvironment(sandbox);
  const certificates = networkSettings().flatMap(([name, value]) =>
    /cert/i.test(name) && isAbsolute(value) ? [value] : [],
  );
  const npm = sandbox.network ? [...npmFolder(), join(homedir(), '.npmrc')] : [];
  return [
    ...ALONE,
    ...(sandbox.network ? [] : ['--unshare-net']),
    ...SYSTEM.flatMap(systemFolder),
    ...bindAll('--ro-bind-try', ETC),
    ...OWN,
    // Where resolv.conf often points to.
    ...bindAll('--ro-bind-try', ['/run/systemd/resolve', ...(sandbox.network ? certificates : []), ...npm]),
    ...(sandbox.network ? registrySettings() : []),
    ...bindAll('--ro-bind', [...SOURCES, dirname(process.execPath)]),
    ...bindAll('--ro-bind', sandbox.readOnly),
    ...bindAll('--bind', sandbox.writable),
    '--clearenv',
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    '--chdir',
    ROOT,
    '--info-fd',
    '3',
    '--',
    ...command,
  ];
};

/** The same without walls, for machines that cannot build any. */
export const unsandboxed = (
  sandbox: Sandbox,
  command: readonly string[],
): { command: string[]; env: Record<string, string> } => ({
  command: ['setpriv', '--pdeathsig', 'TERM', '--', ...command],
  env: { ...insideEnvironment(sandbox), HOME: homedir() },
});

/**
 * Whether bubblewrap works here.
 *
 * @returns undefined if it does, else what it said
 */
export const probeSandbox = async (): Promise<string | undefined> => {
  const [program = '', ...args] = sandboxed({ readOnly: [], writable: [], network: false, env: {} }, [
    process.execPath,
    '-e',
    '',
  ]);
  // Nobody reads descriptor 3 here.
  const quiet = args.filter((word, at) => word !== '--info-fd' && args[at - 1] !== '--info-fd');
  return new Promise((resolve) => {
    execFile(program, quiet, { timeout: 20_000 }, (error, _stdout, stderr) => {
      resolve(error === null ? undefined : stderr.trim() || error.message);
    });
  });
};

/** @throws {SlipwayError} CONFIG_INVALID where there can be no isolation and nobody allowed to do without */
export const decideIsolation = async (
  allowUnisolated: boolean,
  warn: (line: string) => void,
): Promise<'isolated' | 'unisolated'> => {
  const problem = await probeSandbox();
  if (problem === undefined) return 'isolated';
  const facts = `bubblewrap does not work here (${problem}), so the builder could read the release keys.`;
  if (!allowUnisolated) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      `${facts} Install bubblewrap and allow user namespaces; or, for trials only, set SLIPWAY_ALLOW_UNISOLATED=1.`,
    );
  }
  warn(
    `WARNING: ${facts} Going on because SLIPWAY_ALLOW_UNISOLATED=1. Ship nothing that this instance signs.`,
  );
  return 'unisolated';
};
