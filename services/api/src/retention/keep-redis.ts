import { Queue } from 'bullmq';
import { knownQueues } from '@slipway/fleet';
import { COMMAND_QUEUE, ROLLOUT_QUEUE, SIGN_QUEUE } from '@slipway/protocol';
import { countIdempotencyKeys, IDEMPOTENCY_KEEP_MS, removeOldIdempotencyKeys } from '../idempotency.ts';
import { MAX_ROWS_OF_PASS, type Keeper, type Stock } from './keeper.ts';

const DAY_MS = 86_400_000;

const records = (count: number) => ({ count, bytes: 0 });

/** Redis itself forgets each answer; what lists those of a caller does not. */
export const keepIdempotencyKeys = ({ redis }: Stock): Keeper => {
  const until = (now: Date): Date => new Date(now.getTime() - IDEMPOTENCY_KEEP_MS);
  return {
    kind: 'idempotency-keys',
    look: async (now) => {
      const { there, old } = await countIdempotencyKeys(redis, until(now));
      return { there: records(there), due: records(old) };
    },
    remove: async (now) => ({ ...records(await removeOldIdempotencyKeys(redis, until(now))), more: false }),
  };
};

const ENDS = ['completed', 'failed'] as const;

/** Jobs that are over, of all queues. What is still to be done is looked after by who does it. */
export const keepQueueRecords = ({ redis, limits }: Stock): Keeper => {
  const eachQueue = async (work: (queue: Queue) => Promise<void>): Promise<void> => {
    for (const name of [...(await knownQueues(redis)), SIGN_QUEUE, ROLLOUT_QUEUE, COMMAND_QUEUE]) {
      const queue = new Queue(name, { connection: redis });
      try {
        await work(queue);
      } finally {
        await queue.close();
      }
    }
  };
  const ageMs = limits.queuesDays * DAY_MS;
  return {
    kind: 'queue-records',
    look: async (now) => {
      let [there, due] = [0, 0];
      await eachQueue(async (queue) => {
        for (const end of ENDS) {
          there += await redis.zcard(queue.toKey(end));
          due += await redis.zcount(queue.toKey(end), 0, now.getTime() - ageMs);
        }
      });
      return { there: records(there), due: records(due) };
    },
    remove: async (now) => {
      let [count, more] = [0, false];
      await eachQueue(async (queue) => {
        for (const end of ENDS) {
          // BullMQ counts from its own clock.
          const graceMs = Math.max(0, ageMs + Date.now() - now.getTime());
          const gone = (await queue.clean(graceMs, MAX_ROWS_OF_PASS, end)).length;
          count += gone;
          more ||= gone >= MAX_ROWS_OF_PASS;
        }
      });
      return { ...records(count), more };
    },
  };
};
