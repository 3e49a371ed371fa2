import { Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { knownQueues } from '@slipway/fleet/build-workers';
import { redisOptions } from '@slipway/fleet/redis';
import { type BuildResult, parseBuildQueue } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BuilderConfig } from './config.ts';

export type BuildQueueJob = Job<unknown, BuildResult>;
export type Taken = {
  readonly job: BuildQueueJob;
  readonly token: string;
  /** @returns false where the job is no longer ours: another worker has it, or will have */
  readonly renew: () => Promise<boolean>;
};

/** How often a job whose worker died is taken up again before it counts as what kills workers. */
const MAX_DEATHS = 20;
/** What a job without a priority has for its turn. */
const FIRST = 0;

/**
 * The queues that this worker can serve, as one: the job whose turn it is comes first, whatever queue it is in. Jobs are
 * fetched one by one when there is room for them, so none lies here while another worker is idle.
 */
export const openJobSource = (config: BuilderConfig, redis: Redis, logger: Logger) => {
  const workers = new Map<string, Worker<unknown, BuildResult>>();
  let taken = 0;

  const serves = (name: string): boolean => {
    const queue = parseBuildQueue(name);
    return (
      queue !== undefined &&
      config.arches.includes(queue.arch) &&
      queue.needs.every((need) => config.capabilities.includes(need))
    );
  };

  const workerOf = async (name: string): Promise<Worker<unknown, BuildResult>> => {
    const known = workers.get(name);
    if (known !== undefined) return known;
    const worker = new Worker<unknown, BuildResult>(name, null, {
      connection: redisOptions(config.redisUrl),
      name: config.worker,
      autorun: false,
      // A worker that was killed no longer renews its locks.
      lockDuration: config.stalledMs * 2,
      stalledInterval: config.stalledMs,
      maxStalledCount: MAX_DEATHS,
    });
    worker.on('error', (error) => logger.warn({ err: error }, 'queue connection failed'));
    workers.set(name, worker);
    await worker.waitUntilReady();
    await worker.startStalledCheckTimer();
    return worker;
  };

  /** The turn of the first job of a queue; undefined: it has none that waits. */
  const turnOf = async (name: string): Promise<number | undefined> => {
    const key = (part: string): string => `bull:${name}:${part}`;
    const [waiting, delayed, first] = await Promise.all([
      redis.llen(key('wait')),
      redis.zcard(key('delayed')),
      redis.zrange(key('prioritized'), 0, '0', 'WITHSCORES'),
    ]);
    if (waiting > 0) return FIRST;
    // A job that waits for its next attempt comes forth by being looked for.
    if (first[1] === undefined) return delayed > 0 ? Number.MAX_SAFE_INTEGER : undefined;
    return Number(first[1]);
  };

  return {
    /** @returns undefined where there is no job now */
    next: async (): Promise<Taken | undefined> => {
      const names = (await knownQueues(redis)).filter(serves).sort();
      await Promise.all(names.map(workerOf));
      const turns = await Promise.all(names.map(async (name) => ({ name, turn: await turnOf(name) })));
      const inTurn = turns
        .flatMap(({ name, turn }) => (turn === undefined ? [] : [{ name, turn }]))
        .sort((a, b) => a.turn - b.turn);
      for (const { name } of inTurn) {
        const worker = await workerOf(name);
        const token = `${config.worker}:${(taken += 1)}`;
        const job: BuildQueueJob | undefined = await worker.getNextJob(token, { block: false });
        if (job === undefined || job.id === undefined) continue;
        const id = job.id;
        return {
          job,
          token,
          renew: async () => (await worker.extendJobLocks([id], [token], config.stalledMs * 2)).length === 0,
        };
      }
      return undefined;
    },
    close: async (): Promise<void> => {
      await Promise.all([...workers.values()].map((worker) => worker.close()));
    },
  };
};
