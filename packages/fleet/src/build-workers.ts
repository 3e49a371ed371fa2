import type { Redis } from 'ioredis';
import { BuildWorker, type BuildId } from '@slipway/protocol';
import { announcements } from './announcements.ts';

/**
 * What build workers and the API tell each other beside the jobs, in Redis: which queues there are, which workers live,
 * and which builds nobody wants any more.
 */
const QUEUES = 'slipway:build-queues';
const CANCELLED = 'slipway:build-cancelled';
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

export const {
  announce: announceWorker,
  forget: forgetWorker,
  live: liveWorkers,
} = announcements('slipway:build-workers', BuildWorker);

/** Whoever builds it stops soon; whoever takes its job later gives it back at once. */
export const markCancelled = async (redis: Redis, id: BuildId): Promise<void> => {
  await redis.set(cancelledKey(id), '1', 'EX', CANCELLED_SECONDS);
  await redis.publish(BUILD_NOTICES, 'cancelled');
};
export const isCancelled = async (redis: Redis, id: BuildId): Promise<boolean> =>
  (await redis.exists(cancelledKey(id))) === 1;
