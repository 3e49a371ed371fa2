import type { Redis } from 'ioredis';
import { BuildWorker, type BuildId } from '@slipway/protocol';

/**
 * What build workers and the API tell each other beside the jobs, in Redis: which queues there are, which workers live,
 * and which builds nobody wants any more.
 */
const QUEUES = 'slipway:build-queues';
const WORKERS = 'slipway:build-workers';
const CANCELLED = 'slipway:build-cancelled';
const workerKey = (id: string): string => `${WORKERS}:${id}`;
const cancelledKey = (id: BuildId): string => `${CANCELLED}:${id}`;
const CANCELLED_SECONDS = 30 * 86_400;

/** Told when there is a new job, too: workers that wait look at once. */
export const BUILD_NOTICES = 'slipway:build-notices';

export const announceQueue = async (redis: Redis, name: string): Promise<void> => {
  await redis.sadd(QUEUES, name);
};
export const knownQueues = (redis: Redis): Promise<string[]> => redis.smembers(QUEUES);

export const wakeWorkers = async (redis: Redis): Promise<void> => {
  await redis.publish(BUILD_NOTICES, 'job');
};

/** Redis itself forgets a worker that does not say again that it lives; so clocks of machines need not agree. */
export const announceWorker = async (redis: Redis, worker: BuildWorker, ttlMs: number): Promise<void> => {
  await redis
    .multi()
    .set(workerKey(worker.id), JSON.stringify(worker), 'PX', ttlMs)
    .sadd(WORKERS, worker.id)
    .exec();
};

export const forgetWorker = async (redis: Redis, id: string): Promise<void> => {
  await redis.multi().del(workerKey(id)).srem(WORKERS, id).exec();
};

/** Workers that live, in the order of their names. */
export const liveWorkers = async (redis: Redis): Promise<BuildWorker[]> => {
  const ids = (await redis.smembers(WORKERS)).sort();
  if (ids.length === 0) return [];
  const texts = await redis.mget(ids.map(workerKey));
  const gone = ids.filter((_id, at) => texts[at] === null || texts[at] === undefined);
  if (gone.length > 0) await redis.srem(WORKERS, ...gone);
  return texts.flatMap((text) => {
    const worker = text === null ? undefined : BuildWorker.safeParse(JSON.parse(text));
    return worker?.success === true ? [worker.data] : [];
  });
};

/** Whoever builds it stops soon; whoever takes its job later gives it back at once. */
export const markCancelled = async (redis: Redis, id: BuildId): Promise<void> => {
  await redis.set(cancelledKey(id), '1', 'EX', CANCELLED_SECONDS);
  await redis.publish(BUILD_NOTICES, 'cancelled');
};
export const isCancelled = async (redis: Redis, id: BuildId): Promise<boolean> =>
  (await redis.exists(cancelledKey(id))) === 1;
