import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { SlipwayError } from '@slipway/protocol';

export type RateLimits = {
  /** requests a minute by one token, or notices for hooks from one address */
  readonly perMinute: number;
  /** requests a minute from one address whose token is missing or wrong */
  readonly failedPerMinute: number;
};

const WINDOW_S = 60;
const PREFIX = 'slipway:limit:';

/** A Redis that is away limits nothing: the API goes on. */
export const limitConnection = (redis: Redis): Redis => {
  const quick = redis.duplicate({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 });
  quick.on('error', () => undefined);
  return quick;
};

const refusal = (seconds: number): SlipwayError =>
  new SlipwayError('RATE_LIMITED', `Too many requests. Try again in ${Math.max(1, Math.ceil(seconds))} s.`);

/** Limits requests by address, where nobody has a token. Counted in Redis, apart from those of other names. */
export const limitAddresses = async (app: FastifyInstance, redis: Redis, name: string, perMinute: number) => {
  await app.register(rateLimit, {
    redis,
    nameSpace: `${PREFIX}${name}:`,
    skipOnError: true,
    max: perMinute,
    timeWindow: WINDOW_S * 1000,
    enableDraftSpec: true,
    keyGenerator: ({ ip }) => ip,
    errorResponseBuilder: (_request, { ttl }) => refusal(ttl / 1000),
  });
};

/**
 * Limits requests by token. Counted in Redis, for all processes together.
 *
 * @returns to be called for a request without a good token: beyond the limit of its address it is told so
 */
export const limitRates = async (app: FastifyInstance, redis: Redis, limits: RateLimits) => {
  await app.register(rateLimit, {
    redis,
    nameSpace: PREFIX,
    skipOnError: true,
    max: limits.perMinute,
    timeWindow: WINDOW_S * 1000,
    enableDraftSpec: true,
    keyGenerator: ({ headers, ip }) => {
      const credential = headers.authorization ?? headers.cookie;
      return credential === undefined ? ip : createHash('sha256').update(credential).digest('base64url');
    },
    errorResponseBuilder: (_request, { ttl }) => refusal(ttl / 1000),
  });
  // Good tokens pass, whatever others at the address do: many may sit behind one proxy.
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const key = `${PREFIX}failed:${request.ip}`;
    const counted = await redis
      .multi()
      .incr(key)
      .expire(key, WINDOW_S, 'NX')
      .ttl(key)
      .exec()
      .catch(() => null);
    // Without an answer of Redis nothing is counted.
    const failed = Number(counted?.[0]?.[1] ?? 0);
    const left = Number(counted?.[2]?.[1] ?? WINDOW_S);
    if (failed <= limits.failedPerMinute) return;
    reply.header('retry-after', String(Math.max(1, left)));
    throw refusal(left);
  };
};
