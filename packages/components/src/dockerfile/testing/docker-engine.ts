import { hostArch } from '@slipway/protocol';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { chunksOf } from '../../pieces.ts';
import { resolveComponent } from '../../resolve.ts';
import { runTool } from '../../run-tool.ts';
import { tarPieces } from '../../tar-writer.ts';

/** What a Docker engine of Debian's is made of, and the client of its BuildKit. */
const PACKAGES = ['docker.io', 'containerd', 'runc', 'docker-buildx'];

const START_MS = 300_000;
const STOP_MS = 60_000;
const PAUSE_MS = 50;

/** Packages that apt has verified with lists of its own, unpacked into a folder: nothing of this machine is changed. */
const unpack = async (folder: string, cacheDir: string): Promise<string> => {
  const docker = { install: PACKAGES, dependencies: 'none' as const };
  const { tree } = await resolveComponent('deb:docker', {
    arch: hostArch(process.arch),
    spec: { packages: { docker } },
    baseDir: folder,
    cacheDir,
  });
  const [archive, root] = [join(folder, 'docker.tar'), join(folder, 'root')];
  await mkdir(root);
  await pipeline(Readable.from(chunksOf(tarPieces(tree.values()))), createWriteStream(archive));
  await runTool('tar', ['--extract', '--no-same-owner', '--file', archive, '--directory', root], {
    package: 'tar',
  });
  await rm(archive);
  return root;
};

const accepts = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });

export type DockerEngine = {
  /** path of its socket */
  readonly socket: string;
  /** the client of BuildKit that came with it */
  readonly buildx: string;
  readonly stop: () => Promise<void>;
};

/** @throws {Error} with what it said, if it ends or does not answer in time */
const untilReady = async (child: ChildProcess, socket: string, said: () => string): Promise<void> => {
  const limit = Date.now() + START_MS;
  while (!(await accepts(socket))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`dockerd ended with ${child.exitCode ?? child.signalCode}:\n${said()}`);
    if (Date.now() > limit) throw new Error(`dockerd does not answer:\n${said()}`);
    await setTimeout(PAUSE_MS);
  }
};

/**
 * A Docker engine, whose BuildKit is the one that everybody has, in a network of its own and with all its files in a
 * folder.
 *
 * @param cacheDir where its packages are kept
 */
export const startDockerEngine = async (folder: string, cacheDir: string): Promise<DockerEngine> => {
  const root = await unpack(folder, cacheDir);
  const [socket, pidFile, settings] = ['docker.sock', 'docker.pid', 'daemon.json'].map((name) =>
    join(folder, name),
  );
  if (socket === undefined || pidFile === undefined || settings === undefined) throw new Error('no paths');
  await writeFile(settings, JSON.stringify({ features: { 'containerd-snapshotter': true } }));
  const options = ['data-root', 'exec-root'].flatMap((name) => [`--${name}`, join(folder, name)]);
  const child = spawn(
    'unshare',
    [
      ['--net', '--mount', '--fork', '--kill-child', 'dockerd', '--config-file', settings],
      options,
      ['--pidfile', pidFile, '--host', `unix://${socket}`, '--iptables=false', '--ip6tables=false'],
    ].flat(),
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: `${root}/usr/sbin:${root}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: folder },
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)));
  await once(child, 'spawn');
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    // It ends what it started, containerd among them; killed, it would leave that behind.
    process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGTERM');
    await Promise.race([ended, setTimeout(STOP_MS, undefined, { ref: false })]);
  };
  await untilReady(child, socket, () => said).catch(async (error: unknown) => {
    await stop().catch(() => undefined);
    child.kill('SIGKILL');
    throw error;
  });
  return {
    socket,
    buildx: `${root}/usr/libexec/docker/cli-plugins/docker-buildx`,
    stop,
  };
};
