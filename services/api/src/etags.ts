import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { SlipwayError } from '@slipway/protocol';

declare module 'fastify' {
  interface FastifyRequest {
    /** lets others change the resource again */
    release: (() => Promise<void>) | null;
    /** compares again, for what is also changed by other ways than its own address; null: nothing is to be compared */
    compare: (() => Promise<void>) | null;
  }
}

const LOCK_MS = 30_000;
const TRY_AGAIN_MS = 20;
const CHANGES = ['PUT', 'PATCH', 'DELETE'];

/**
 * Strong ETags of single resources, told by GET; `If-None-Match` saves the bytes, `If-Match` on a change keeps it from
 * undoing what another did. Between the look and the change the resource is locked, so of several who have the same
 * ETag one wins.
 */
export const compareETags = (app: FastifyInstance, redis: Redis): void => {
  app.decorateRequest('release', null);
  app.decorateRequest('compare', null);

  app.addHook('onSend', async (request, reply, payload: unknown) => {
    const isResource =
      request.method === 'GET' &&
      reply.statusCode === 200 &&
      typeof payload === 'string' &&
      payload.startsWith('{') &&
      String(reply.getHeader('content-type')).startsWith('application/json');
    if (!isResource) return payload;
    const etag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
    reply.header('etag', etag).header('cache-control', 'private, no-cache');
    if (!names(request.headers['if-none-match'], etag, true)) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return '';
  });

  app.addHook('preHandler', async (request) => {
    const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
    if (!CHANGES.includes(request.method) || (match === undefined && noneMatch === undefined)) return;
    const path = readablePath(app, request);
    if (path === undefined)
      throw new SlipwayError(
        'REQUEST_INVALID',
        `${request.routeOptions.url ?? request.url} has no ETag; leave If-Match and If-None-Match out.`,
      );
    request.release = await lock(redis, `slipway:change:${path}`);
    request.compare = async () => {
      const now = await app.inject({ method: 'GET', url: path, headers: credentials(request) });
      const etag = now.statusCode === 200 ? now.headers.etag : undefined;
      const isMet =
        (match === undefined || names(match, etag, false)) &&
        (noneMatch === undefined || !names(noneMatch, etag, true));
      if (isMet) return;
      const found = etag ?? 'nothing';
      throw new SlipwayError(
        'PRECONDITION_FAILED',
        `Expected ${match === undefined ? `not ${noneMatch ?? ''}` : match}, found ${found} at ${path}: somebody else has changed it. Read it again and decide anew.`,
        { details: { found: etag ?? null } },
      );
    };
    await request.compare();
  });
  app.addHook('onResponse', async (request) => request.release?.());
};

const credentials = ({ headers }: FastifyRequest): Record<string, string> => ({
  ...(headers.authorization === undefined ? {} : { authorization: headers.authorization }),
  ...(headers.cookie === undefined ? {} : { cookie: headers.cookie }),
});

/** Whether a list of ETags has this one (RFC 9110, 13.1): weak ones count only where bytes are saved by it. */
const names = (list: string | undefined, etag: string | undefined, weak: boolean): boolean => {
  if (list === undefined || etag === undefined) return false;
  if (list.trim() === '*') return true;
  return list.split(',').some((one) => (weak ? one.trim().replace(/^W\//, '') : one.trim()) === etag);
};

/** The resource that is changed, or that the changed part belongs to: `/v1/devices/x` for `/v1/devices/x/class`. */
const readablePath = (app: FastifyInstance, { routeOptions, url }: FastifyRequest): string | undefined => {
  const template = (routeOptions.url ?? '').split('/');
  const concrete = (url.split('?')[0] ?? '').split('/');
  for (let length = template.length; length > 2; length--) {
    const route = template.slice(0, length).join('/');
    const last = template[length - 1] ?? '';
    // What ends in a plural word is a list, which has no ETag.
    const isOne = last.startsWith(':') || !last.endsWith('s');
    if (isOne && app.hasRoute({ method: 'GET', url: route })) return concrete.slice(0, length).join('/');
  }
  return undefined;
};

const lock = async (redis: Redis, name: string): Promise<() => Promise<void>> => {
  const mine = crypto.randomUUID();
  while ((await redis.set(name, mine, 'PX', LOCK_MS, 'NX')) !== 'OK')
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  return async () => {
    if ((await redis.get(name)) === mine) await redis.del(name);
  };
};
