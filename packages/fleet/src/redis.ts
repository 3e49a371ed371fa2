import type { Redis } from 'ioredis';
import { SlipwayError } from '@slipway/protocol';

/** Options as both ioredis and BullMQ take them. */
export type RedisTarget = {
  // BullMQ's blocking commands wait as long as they like; a retry limit per request would end them.
  readonly maxRetriesPerRequest: null;
  readonly db: number;
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly rejectUnauthorized: true };
};

/**
 * Connection options for `redis://host:port/db`, `rediss://…` or `unix:///path/to.sock?db=0`.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const redisOptions = (url: string): RedisTarget => {
  const base = { maxRetriesPerRequest: null } as const;
  if (!URL.canParse(url)) throw invalid(url);
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  if (protocol === 'unix:') {
    return { ...base, path: decodeURIComponent(pathname), db: Number(searchParams.get('db') ?? 0) };
  }
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw invalid(url);
  return {
    ...base,
    host: hostname,
    port: port === '' ? 6379 : Number(port),
    db: Number(pathname.slice(1) || 0),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: { rejectUnauthorized: true } as const } : {}),
  };
};

const invalid = (url: string): SlipwayError =>
  new SlipwayError(
    'CONFIG_INVALID',
    `REDIS_URL is ${JSON.stringify(url)}; expected redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH.`,
  );

/**
 * Jobs are promises to people: a Redis that forgets them on a crash is refused.
 *
 * @throws {SlipwayError} REDIS_NOT_DURABLE
 */
export const assertRedisDurable = async (redis: Redis): Promise<void> => {
  const info = await redis.info('persistence');
  if (/^aof_enabled:1\r?$/m.test(info)) return;
  throw new SlipwayError(
    'REDIS_NOT_DURABLE',
    'Redis runs without an append-only file, so a crash would lose jobs. Set `appendonly yes` and start it again.',
  );
};
