import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnServer } from './spawn-server.ts';

/** A Redis on a Unix socket, append-only unless told otherwise. */
export const startTestRedis = async (options: { readonly appendOnly?: boolean } = {}) => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-redis-'));
  const socket = join(directory, 'redis.sock');
  const start = () =>
    spawnServer(
      'redis-server',
      Object.entries({
        port: '0',
        unixsocket: socket,
        dir: directory,
        save: '',
        'maxmemory-policy': 'noeviction',
        appendonly: options.appendOnly === false ? 'no' : 'yes',
      }).flatMap(([name, value]) => [`--${name}`, value]),
      () => accepts({ path: socket }),
    );
  let server = await start();
  return {
    url: `unix://${socket}`,
    /** of the process that runs now */
    pid: (): number => server.pid,
    /** as if the machine took it away; what it had acknowledged is in its append-only file */
    kill: () => server.kill(),
    /** once more, on the same socket and the same file */
    start: async () => {
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

export const accepts = (where: { readonly path: string } | { readonly port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect('path' in where ? where : { ...where, host: '127.0.0.1' });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
