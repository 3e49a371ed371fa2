import type { Tree } from '@slipway/components';
import {
  AGENT_BUNDLE_PATH,
  AGENT_COMMANDS,
  AGENT_CONFIG_PATH,
  HEALTH_PATH,
  RELEASE_PATH,
  RELEASE_ROOT_PATH,
  SERVER_CA_PATH,
  type Arch,
  type BootLoader,
  type BuildRequest,
} from '@slipway/protocol';
import { zoneOf, type ImageFile } from '@slipway/image-spec';
import { busyboxApplets } from './busybox.ts';
import { guestScript, initScripts } from './guest-script.ts';
import { bytesAt } from './resolve-path.ts';
import { ensureDirectory, putDirectory, putFile, putSymlink } from './tree-edit.ts';

const MERGED = ['bin', 'sbin', 'lib', 'lib64'];
const FOLDERS = ['containers', 'data', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'var'];

/** The bones of a root: a merged `/usr`, mount points, and the accounts and resolver files that libc wants. */
export const skeleton = (): Tree => {
  const tree: Tree = new Map();
  for (const name of MERGED) {
    putDirectory(tree, `usr/${name}`);
    putSymlink(tree, name, `usr/${name}`);
  }
  for (const name of FOLDERS) putDirectory(tree, name);
  putDirectory(tree, 'tmp', { mode: 0o1777 });
  putFile(tree, 'etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
  putFile(tree, 'etc/group', 'root:x:0:\nnogroup:x:65534:\n');
  putFile(tree, 'etc/hosts', '127.0.0.1\tlocalhost\n::1\tlocalhost\n');
  putFile(tree, 'etc/nsswitch.conf', 'hosts: files dns\n');
  putSymlink(tree, 'etc/resolv.conf', '/run/resolvconf/resolv.conf');
  putSymlink(tree, 'etc/mtab', '/proc/self/mounts');
  return tree;
};

/** A link for every applet of busybox that no package brings as a program of its own. */
const addApplets = (tree: Tree): void => {
  const busybox = bytesAt(tree, 'usr/bin/busybox');
  if (busybox === undefined) return;
  for (const name of busyboxApplets(busybox)) {
    const places = [`usr/bin/${name}`, `usr/sbin/${name}`];
    if (name !== 'busybox' && !places.some((path) => tree.has(path)))
      putSymlink(tree, `usr/bin/${name}`, 'busybox');
  }
  putSymlink(tree, 'usr/sbin/init', '../bin/busybox');
};

const inittab = (services: readonly string[], withAgent: boolean): string =>
  [
    '::sysinit:/usr/lib/slipway/sysinit',
    ...services.map((name) => `::respawn:/usr/lib/slipway/supervise ${name}`),
    // The agent feeds the watchdog while all is well; nobody judges that where there is none.
    ...(withAgent
      ? ['::respawn:/usr/lib/slipway/hold-watchdog', '::respawn:/usr/lib/slipway/run-agent']
      : ['::respawn:/usr/bin/watchdog -F -t 10 /dev/watchdog0']),
    '::shutdown:/usr/lib/slipway/shutdown',
    '::ctrlaltdel:/usr/bin/reboot',
    '',
  ].join('\n');

/** busybox as init, and the scripts that start containers and the agent. */
export const addInit = (tree: Tree, spec: ImageFile, agentBundle: Uint8Array | undefined): void => {
  addApplets(tree);
  for (const name of initScripts)
    putFile(tree, `usr/lib/slipway/${name}`, guestScript(name), { mode: 0o755 });
  for (const section of ['onboot', 'onshutdown', 'services']) ensureDirectory(tree, `containers/${section}`);
  putFile(
    tree,
    'etc/inittab',
    inittab(
      spec.services.map(({ name }) => name),
      agentBundle !== undefined,
    ),
  );
  if (agentBundle === undefined) return;
  const command = AGENT_COMMANDS[spec.agent.runtime].join(' ');
  const start = guestScript('agent').toString().replace('@AGENT@', command);
  putFile(tree, 'usr/lib/slipway/agent', start, { mode: 0o755 });
  for (const name of ['run-agent', 'hold-watchdog'] as const)
    putFile(tree, `usr/lib/slipway/${name}`, guestScript(name), { mode: 0o755 });
  putFile(tree, 'usr/bin/slipway-agent', guestScript('slipway-agent'), { mode: 0o755 });
  putFile(tree, AGENT_BUNDLE_PATH.slice(1), agentBundle);
};

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** What the agent reads: where it enrols, whom it trusts, when an update is good. */
const agentFiles = (
  { deployment }: BuildRequest,
  { link, diagnostics, health, agent }: ImageFile,
  bootControl: BootLoader | undefined,
): readonly (readonly [string, string])[] => {
  const zone = agent.timeZone === undefined ? undefined : zoneOf(agent.timeZone);
  const config = {
    v: 1,
    enrolUrl: deployment.enrolUrl,
    bootControl,
    link,
    diagnostics,
    timeZone: zone?.rule,
    timeZoneName: zone?.name,
    remoteRollback: agent.remoteRollback,
  };
  return [
    [AGENT_CONFIG_PATH, json(config)],
    [HEALTH_PATH, json(health)],
    [SERVER_CA_PATH, deployment.serverCa],
    [RELEASE_ROOT_PATH, deployment.releaseRoot],
  ];
};

/** What the image says of itself: to the agent, and as shell variables to init. */
export const addReleaseFiles = (
  tree: Tree,
  request: BuildRequest,
  arch: Arch,
  spec: ImageFile,
  bootControl?: BootLoader,
): void => {
  const { release, version, counter, deviceClass, timeFloor } = request;
  const put = (path: string, content: string) => {
    putFile(tree, path.slice(1), content);
  };
  if (spec.agent.enabled)
    for (const [path, content] of agentFiles(request, spec, bootControl)) put(path, content);
  put(RELEASE_PATH, json({ v: 1, release, version, counter, deviceClass, arch, timeFloor }));
  put(
    '/etc/slipway/release.env',
    [`VERSION=${version}`, `TIME_FLOOR=${timeFloor}`, `HOST_NAME=${deviceClass}`, ''].join('\n'),
  );
};
