import { messageOf, SlipwayError } from '@slipway/protocol';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../run-tool.ts';

/** Where a BuildKit daemon is, and how it knows us. */
export type BuildkitDaemon = {
  /**
   * `tcp://HOST:PORT` or `unix:///PATH` of a BuildKit daemon; `docker` for the one within the Docker engine of this machine,
   * `docker+tcp://…` or `docker+unix://…` for that of another
   */
  readonly address: string;
  /** folder with `ca.pem`, `cert.pem` and `key.pem`; absent: no TLS */
  readonly certificates?: string | undefined;
  /** the program docker-buildx; absent: where Docker's and Debian's packages put it */
  readonly client?: string | undefined;
};

/** Where Docker's packages put their plugins, which are programs of their own. */
const FOLDERS = [
  join(homedir(), '.docker/cli-plugins'),
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
  '/usr/local/bin',
  '/usr/bin',
];

const DOCKER = /^docker(?:\+((?:unix|tcp):\/\/.+))?$/;
const DAEMON = /^(?:unix|tcp):\/\/.+$/;

/** The client of BuildKit, with nothing of this machine's settings, and the words that name the daemon to it. */
export type Buildx = {
  readonly command: readonly string[];
  readonly builder: readonly string[];
};

const buildxProgram = (client: string | undefined): string => {
  const program =
    client ?? FOLDERS.map((folder) => join(folder, 'docker-buildx')).find((path) => existsSync(path));
  if (program !== undefined) return program;
  throw new SlipwayError(
    'TOOL_MISSING',
    `BuildKit is asked by docker-buildx, which is not here; install docker-buildx (docker-buildx-plugin of Docker's own packages)`,
    { details: { tool: 'docker-buildx', package: 'docker-buildx' } },
  );
};

const unreachable = (address: string, said: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'DOCKERFILE_ENGINE_UNAVAILABLE',
    `BuildKit at ${address} does not answer: ${said}; check SLIPWAY_BUILDKIT, SLIPWAY_BUILDKIT_CERTIFICATES and that the daemon runs`,
    { cause, details: { address } },
  );

/**
 * @param folder for the client's own files; it exists
 * @throws {SlipwayError} CONFIG_INVALID, TOOL_MISSING
 */
export const openBuildx = async (daemon: BuildkitDaemon, folder: string): Promise<Buildx> => {
  const { address, certificates, client } = daemon;
  const [docker, engine] = DOCKER.exec(address) ?? [];
  if (docker === undefined && !DAEMON.test(address))
    throw new SlipwayError(
      'CONFIG_INVALID',
      `SLIPWAY_BUILDKIT: expected tcp://HOST:PORT, unix:///PATH, docker, docker+tcp://HOST:PORT or docker+unix:///PATH, found ${address}`,
    );
  const environment = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    BUILDX_CONFIG: folder,
    DOCKER_CONFIG: folder,
    ...(engine === undefined ? {} : { DOCKER_HOST: engine }),
    ...(certificates === undefined ? {} : { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates }),
  };
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const command = ['-i', ...settings, buildxProgram(client)];
  if (docker !== undefined) return { command, builder: ['--builder', 'default'] };
  const files = { cacert: 'ca.pem', cert: 'cert.pem', key: 'key.pem' };
  const options = Object.entries(certificates === undefined ? {} : files).map(
    ([name, file]) => `--driver-opt=${name}=${join(certificates ?? '', file)}`,
  );
  const create = ['create', '--name', 'slipway', '--driver', 'remote', ...options, address];
  await runTool('env', [...command, ...create], { package: 'coreutils' });
  return { command, builder: ['--builder', 'slipway'] };
};

/**
 * @returns version of the daemon, as it says it
 * @throws {SlipwayError} CONFIG_INVALID, TOOL_MISSING, DOCKERFILE_ENGINE_UNAVAILABLE
 */
export const buildkitVersion = async (daemon: BuildkitDaemon, folder: string): Promise<string> => {
  const { command, builder } = await openBuildx(daemon, folder);
  const [, name = ''] = builder;
  const answer = await runTool('env', [...command, 'inspect', '--bootstrap', name], {
    package: 'coreutils',
  }).catch((error: unknown) => {
    const said = messageOf(error);
    throw unreachable(daemon.address, /^ERROR: (.*)$/m.exec(said)?.[1] ?? said, error);
  });
  const text = answer.toString();
  const version = /^BuildKit version:\s+v?(\S+)/im.exec(text)?.[1];
  if (version !== undefined) return version;
  throw unreachable(daemon.address, /^Error:\s+(.*)$/m.exec(text)?.[1] ?? text.trim());
};
