import { ARCHITECTURES, SlipwayError } from '@slipway/protocol';
import { mkdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../run-tool.ts';
import { ensureEmulation } from './emulation.ts';
import type { Engine, EngineJob } from './engine.ts';
import { runEngine } from './run-engine.ts';
import { buildahLog } from './step-log.ts';

/** Where the engine sees its work folder: names of this machine do not get into images. */
const WORK = '/work';
/** Overlays upon overlays do not work. */
const OVERLAYFS = 0x794c7630;
/** What buildah asks for if nobody says otherwise. */
const MOST = 1_048_576;

/**
 * A limit that may be raised no further on many machines, so that buildah is told the one that holds.
 *
 * @param limits as /proc/self/limits shows them
 */
export const ulimits = (limits: string): string[] =>
  (
    [
      ['nofile', 'Max open files'],
      ['nproc', 'Max processes'],
    ] as const
  ).flatMap(([name, title]) => {
    const hard = new RegExp(`^${title}\\s+\\S+\\s+(\\S+)`, 'm').exec(limits)?.[1];
    const value = hard === undefined || hard === 'unlimited' ? MOST : Math.min(MOST, Number(hard));
    return [`--ulimit=${name}=${value}:${value}`];
  });

/** Nothing of this machine's. */
const environment = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  TMPDIR: `${WORK}/tmp`,
  CONTAINERS_CONF: `${WORK}/containers.conf`,
  CONTAINERS_STORAGE_CONF: `${WORK}/storage.conf`,
  CONTAINERS_REGISTRIES_CONF: `${WORK}/registries.conf`,
};

/**
 * What the engine sees of this machine: programs, names of hosts and certificates, read-only; a few devices; its work
 * folder. What it mounts and starts is gone when it ends, however that happens.
 */
const sandbox = (work: string, hasNetwork: boolean): string[] =>
  [
    ['--die-with-parent', '--new-session', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    hasNetwork ? [] : ['--unshare-net'],
    ['--cap-add', 'ALL', '--clearenv'],
    ...['/usr', '/bin', '/sbin', '/lib', '/lib64'].map((path) => ['--ro-bind-try', path, path]),
    ...['resolv.conf', 'hosts', 'passwd', 'group', 'ssl'].map((name) => [
      '--ro-bind-try',
      `/etc/${name}`,
      `/etc/${name}`,
    ]),
    ['--proc', '/proc', '--dev', '/dev', '--ro-bind', '/sys', '/sys'],
    ...['/run', '/tmp', '/var', '/root'].map((path) => ['--tmpfs', path]),
    ['--bind', work, WORK, '--chdir', WORK],
    ...Object.entries(environment).map((setting) => ['--setenv', ...setting]),
  ].flat();

/** What configures buildah on this machine does not count. */
const writeSettings = async (work: string): Promise<string> => {
  const { type } = await statfs(work);
  const driver = type === OVERLAYFS ? 'vfs' : 'overlay';
  await writeFile(join(work, 'containers.conf'), '');
  await writeFile(join(work, 'registries.conf'), '');
  await writeFile(join(work, 'storage.conf'), `[storage]\ndriver = "${driver}"\n`);
  // Every base image was checked against its digest before it got here.
  await writeFile(join(work, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  await mkdir(join(work, 'tmp'));
  return driver;
};

/** The words after `buildah`. */
export const buildahArgs = (job: EngineJob, limits: string): string[] => {
  const { build, bases, wantsEpoch } = job;
  const { architecture, variant } = ARCHITECTURES[job.arch].oci;
  const args = { ...build.args, ...(wantsEpoch ? { SOURCE_DATE_EPOCH: '0' } : {}) };
  return [
    ['build', '--isolation=chroot', '--network=host', ...ulimits(limits)],
    ['--os=linux', `--arch=${architecture}`, ...(variant === undefined ? [] : [`--variant=${variant}`])],
    ['--timestamp=0', '--identity-label=false', '--no-hostname'],
    ['--layers=false', '--no-cache', '--pull-never'],
    // OCI's own has no SHELL; what comes out is OCI all the same.
    ['--format=docker'],
    [`--signature-policy=${WORK}/policy.json`, '--ignorefile=/dev/null'],
    bases.map(({ name, folder }) => `--build-context=${name}=docker-image://oci:${WORK}/${folder}:base`),
    Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`),
    build.target === undefined ? [] : [`--target=${build.target}`],
    ['--tag=out', `--file=${WORK}/Dockerfile`, `${WORK}/context`],
  ].flat();
};

/** buildah of Debian, as root, without a daemon. */
export const buildahEngine = (signal: AbortSignal | undefined): Engine => ({
  isolation: 'chroot',
  needs:
    'buildah needs root that may mount and make namespaces, which containers often lack: build on the machine itself, or name a BuildKit daemon by SLIPWAY_BUILDKIT',
  version: async () => {
    const said = (await runTool('buildah', ['--version'], { package: 'buildah' })).toString();
    return `buildah ${/version (\S+)/.exec(said)?.[1] ?? said.trim()}`;
  },
  prepare: async (arch) => {
    if (process.getuid?.() !== 0)
      throw new SlipwayError(
        'DOCKERFILE_ENGINE_UNAVAILABLE',
        'buildah needs root to build Dockerfiles; run the command as root, or name a BuildKit daemon by SLIPWAY_BUILDKIT',
      );
    await runTool('bwrap', ['--version'], { package: 'bubblewrap' });
    await ensureEmulation(arch);
  },
  build: async (job, onLine) => {
    const { work, build } = job;
    const driver = await writeSettings(work);
    const store = [`--root=${WORK}/root`, `--runroot=${WORK}/run`, `--storage-driver=${driver}`];
    const buildah = (args: readonly string[]): Promise<number> =>
      runEngine(
        'bwrap',
        [...sandbox(work, build.network !== 'none'), '--', 'buildah', ...store, ...args],
        onLine,
        signal,
      );
    const limits = await readFile('/proc/self/limits', 'utf8');
    if ((await buildah(buildahArgs(job, limits))) !== 0) return { succeeded: false };
    const push = ['push', `--signature-policy=${WORK}/policy.json`, '--format=oci', '--quiet'];
    return { succeeded: (await buildah([...push, 'out', `oci:${WORK}/out:out`])) === 0 };
  },
  log: buildahLog,
});
