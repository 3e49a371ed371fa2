import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

declare module 'fastify' {
  interface FastifyRequest {
    /** the key that this request is the first to use; its answer is kept */
    firstOfKey: First | null;
  }
}

type First = { readonly slot: string; readonly digest: string; readonly secret: Buffer; stop: () => void };

const KEEP_S = 24 * 3600;
export const IDEMPOTENCY_KEEP_MS = KEEP_S * 1000;
/** A server that dies leaves the key taken for so long. */
const PENDING_MS = 30_000;
const RENEW_MS = 10_000;
const MAX_KEYS_OF_CALLER = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;
const PREFIX = 'slipway:idempotency:';
/** The keys of a caller, by when they were used. */
const LISTS = `${PREFIX}of:`;

const Key = z.string().regex(/^[\x21-\x7e]{8,128}$/);
const Entry = z.discriminatedUnion('state', [
  z.object({ state: z.literal('pending'), digest: z.string() }),
  z.object({ state: z.literal('done'), digest: z.string(), sealed: z.string().nullable() }),
]);
type Entry = z.infer<typeof Entry>;
const Kept = z.object({
  status: z.int(),
  type: z.string().optional(),
  location: z.string().optional(),
  body: z.string(),
});
type Kept = z.infer<typeof Kept>;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/**
 * `Idempotency-Key` on POST: the same request with the same key does its work once, and is given the answer of the
 * first. Keys are of a caller and a route. Answers are kept in Redis for a day, sealed under the caller's credential,
 * which is kept nowhere: some hold a token that is shown only once.
 */
export const rememberAnswers = (app: FastifyInstance, redis: Redis): void => {
  app.decorateRequest('firstOfKey', null);

  app.addHook('preHandler', async (request, reply) => {
    const given = request.headers['idempotency-key'];
    if (request.method !== 'POST' || given === undefined) return undefined;
    const key = Key.safeParse(given);
    if (!key.success)
      throw new SlipwayError(
        'REQUEST_INVALID',
        'Idempotency-Key: expected 8 to 128 printable characters without spaces, such as a UUID.',
      );
    const credential = credentialOf(request);
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    const slot = `${PREFIX}${sha256([credential, route, key.data].join('\n'))}`;
    const digest = sha256(`${request.url}\n${JSON.stringify(request.body ?? null)}`);
    const secret = Buffer.from(hkdfSync('sha256', credential, key.data, 'slipway idempotency', 32));

    const pending = JSON.stringify({ state: 'pending', digest } satisfies Entry);
    if ((await redis.set(slot, pending, 'PX', PENDING_MS, 'NX')) === 'OK') {
      const renewal = setInterval(
        () => void redis.pexpire(slot, PENDING_MS).catch(() => undefined),
        RENEW_MS,
      );
      request.firstOfKey = { slot, digest, secret, stop: () => clearInterval(renewal) };
      return undefined;
    }
    const text = await redis.get(slot);
    if (text === null) throw inProgress(reply);
    const entry = Entry.parse(JSON.parse(text));
    if (entry.digest !== digest)
      throw new SlipwayError(
        'IDEMPOTENCY_KEY_REUSED',
        'This Idempotency-Key came with another request before. Make a new key for every new request.',
      );
    if (entry.state === 'pending') throw inProgress(reply);
    if (entry.sealed === null)
      throw new SlipwayError(
        'CONFLICT',
        'This request was done before; its answer was too large to be kept. List what there is.',
      );
    const kept = Kept.parse(JSON.parse(open(entry.sealed, secret)));
    if (kept.location !== undefined) reply.header('location', kept.location);
    if (kept.type !== undefined) reply.type(kept.type);
    return reply.code(kept.status).header('idempotency-replayed', 'true').send(kept.body);
  });

  app.addHook('onSend', async (request, reply, payload: unknown) => {
    const first = request.firstOfKey;
    if (first === null) return payload;
    request.firstOfKey = null;
    first.stop();
    // What failed by a fault of ours, or because of a limit, may be tried again.
    if (reply.statusCode >= 500 || reply.statusCode === 429) {
      await redis.del(first.slot);
      return payload;
    }
    const body = typeof payload === 'string' ? payload : '';
    const type = reply.getHeader('content-type');
    const location = reply.getHeader('location');
    const kept: Kept = {
      status: reply.statusCode,
      ...(typeof type === 'string' ? { type } : {}),
      ...(typeof location === 'string' ? { location } : {}),
      body,
    };
    const sealed = body.length > MAX_ANSWER_BYTES ? null : seal(JSON.stringify(kept), first.secret);
    const done = JSON.stringify({ state: 'done', digest: first.digest, sealed } satisfies Entry);
    await redis.set(first.slot, done, 'EX', KEEP_S);
    await forgetOldest(redis, `${LISTS}${sha256(credentialOf(request))}`, first.slot);
    return payload;
  });
};

const credentialOf = ({ headers }: FastifyRequest): string => headers.authorization ?? headers.cookie ?? '';

const inProgress = (reply: { header: (name: string, value: string) => unknown }): SlipwayError => {
  reply.header('retry-after', '1');
  return new SlipwayError(
    'IDEMPOTENCY_IN_PROGRESS',
    'The first request with this Idempotency-Key is still being worked on. Ask again in a second.',
  );
};

/** No caller fills the memory of Redis: beyond a number, the oldest keys go before their day is over. */
const forgetOldest = async (redis: Redis, list: string, slot: string): Promise<void> => {
  await redis.zadd(list, Date.now(), slot);
  await redis.expire(list, KEEP_S);
  const beyond = (await redis.zcard(list)) - MAX_KEYS_OF_CALLER;
  if (beyond <= 0) return;
  const oldest = await redis.zpopmin(list, beyond);
  await redis.del(...oldest.filter((_part, index) => index % 2 === 0));
};

const eachList = async (redis: Redis, work: (list: string) => Promise<void>): Promise<void> => {
  let cursor = '0';
  do {
    const [next, lists] = await redis.scan(cursor, 'MATCH', `${LISTS}*`, 'COUNT', 1000);
    for (const list of lists) await work(list);
    cursor = next;
  } while (cursor !== '0');
};

export const countIdempotencyKeys = async (
  redis: Redis,
  until: Date,
): Promise<{ readonly there: number; readonly old: number }> => {
  let [there, old] = [0, 0];
  await eachList(redis, async (list) => {
    there += await redis.zcard(list);
    old += await redis.zcount(list, 0, until.getTime());
  });
  return { there, old };
};

/** @returns how many went */
export const removeOldIdempotencyKeys = async (redis: Redis, until: Date): Promise<number> => {
  let gone = 0;
  await eachList(redis, async (list) => {
    gone += await redis.zremrangebyscore(list, 0, until.getTime());
  });
  return gone;
};

const seal = (text: string, secret: Buffer): string => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), bytes]).toString('base64');
};

const open = (sealed: string, secret: Buffer): string => {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
};
