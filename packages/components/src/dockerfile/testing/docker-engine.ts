import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { runTool } from '../../run-tool.ts';

/** What a Docker engine of Debian's is made of, and the client of its BuildKit. */
const PACKAGES = ['docker.io', 'containerd', 'runc', 'docker-buildx'];

/** Packages that apt has verified, unpacked into a folder: nothing of this machine is changed. */
const unpack = async (folder: string): Promise<string> => {
  const [debs, root] = [join(folder, 'debs'), join(folder, 'root')];
  await mkdir(debs, { recursive: true });
  const download = (): Promise<Buffer> =>
    runTool('apt-get', ['download', ...PACKAGES], { package: 'apt', cwd: debs });
  await download().catch(async () => {
    // A new machine has no lists, old ones name packages that are gone.
    await runTool('apt-get', ['update'], { package: 'apt' });
    await download();
  });
  for (const deb of await readdir(debs))
    await runTool('dpkg-deb', ['-x', join(debs, deb), root], { package: 'dpkg' });
  await rm(debs, { recursive: true });
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

/**
 * A Docker engine, whose BuildKit is the one that everybody has, in a network of its own and with all its files in a
 * folder.
 */
export const startDockerEngine = async (folder: string): Promise<DockerEngine> => {
  const root = await unpack(folder);
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
  const ended = once(child, 'close');
  while (!(await accepts(socket)))
    if (child.exitCode !== null) throw new Error(`dockerd ended with ${child.exitCode}:\n${said}`);
  return {
    socket,
    buildx: `${root}/usr/libexec/docker/cli-plugins/docker-buildx`,
    stop: async () => {
      // It ends what it started, containerd among them; killed, it would leave that behind.
      process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGTERM');
      await ended;
    },
  };
};
