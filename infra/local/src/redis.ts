import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { assertRedisDurable, redisOptions } from '@slipway/fleet';
import { SlipwayError } from '@slipway/protocol';
import type { Layout } from './layout.ts';
import { type Supervised, supervise } from './supervise.ts';

/** `sun_path` holds 108 bytes with the NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

export type LocalRedis = {
  readonly url: string;
  /** folder of the socket; undefined where Redis is reached by TCP */
  readonly socketDir: string | undefined;
  readonly close: () => Promise<void>;
};

const findServer = (): string => {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const name of ['redis-server', 'valkey-server']) {
    if (folders.some((folder) => existsSync(join(folder, name)))) return name;
  }
  throw new SlipwayError(
    'TOOL_MISSING',
    'Neither redis-server nor valkey-server is on the PATH; install one of them.',
  );
};

/** A folder for the socket: in the data directory, or where its path would be too long, under the system's. */
const socketFolder = async (layout: Layout): Promise<{ folder: string; remove: () => Promise<void> }> => {
  const near = join(layout.dataDir, 'run');
  if (Buffer.byteLength(join(near, 'redis.sock')) <= MAX_SOCKET_PATH_BYTES) {
    await mkdir(near, { recursive: true, mode: 0o700 });
    return { folder: near, remove: async () => undefined };
  }
  const folder = await mkdtemp(join(tmpdir(), 'slipway-run-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
};

/**
 * Refuses a Redis that forgets jobs when it crashes.
 *
 * @throws {SlipwayError} REDIS_NOT_DURABLE, CONFIG_INVALID
 */
export const assertDurable = async (url: string): Promise<void> => {
  const redis = new Redis({ ...redisOptions(url), lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
  } catch (error) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      `No Redis answers at REDIS_URL; start it, or leave REDIS_URL out.`,
      {
        cause: error,
      },
    );
  }
  try {
    await assertRedisDurable(redis);
  } finally {
    redis.disconnect();
  }
};

const startServer = async (
  layout: Layout,
  socket: string,
  say: (line: string) => void,
): Promise<Supervised> =>
  supervise(
    {
      name: 'redis',
      command: [
        'setpriv',
        '--pdeathsig',
        'TERM',
        '--',
        findServer(),
        // A socket that only our user can open, and no port.
        '--port',
        '0',
        '--unixsocket',
        socket,
        '--unixsocketperm',
        '700',
        '--dir',
        layout.redisDir,
        '--appendonly',
        'yes',
        '--appendfsync',
        'everysec',
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
        '--daemonize',
        'no',
      ],
      logFile: join(layout.logsDir, 'redis.log'),
      ready: /Ready to accept connections/,
    },
    say,
  );

/** The given Redis, or one of our own on a Unix socket. */
export const openRedis = async (
  layout: Layout,
  given: string | undefined,
  say: (line: string) => void,
): Promise<LocalRedis> => {
  if (given !== undefined) {
    await assertDurable(given);
    const { path } = redisOptions(given);
    return {
      url: given,
      socketDir: path === undefined ? undefined : join(path, '..'),
      close: async () => undefined,
    };
  }
  const { folder, remove } = await socketFolder(layout);
  const socket = join(folder, 'redis.sock');
  const url = `unix://${encodeURI(socket)}`;
  const server = await startServer(layout, socket, say);
  const close = async (): Promise<void> => {
    await server.close();
    await remove();
  };
  try {
    await assertDurable(url);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, socketDir: folder, close };
};
