import { Queue, QueueEvents, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { announceQueue, redisOptions, wakeWorkers } from '@slipway/fleet';
import { BuildId, JobProgress, type Build, type BuildJob, type BuildPriority } from '@slipway/protocol';

// The job id is the build id, so adding a job twice adds it once, as long as the first is still remembered.
export const KEEP = {
  removeOnComplete: { age: 30 * 86_400, count: 10_000 },
  removeOnFail: { age: 30 * 86_400, count: 10_000 },
};

const BAND: Readonly<Record<BuildPriority, number>> = { high: 0, normal: 1, low: 2 };
/** BullMQ counts priorities up to 2^21. */
const ROUNDS = 600_000;
/** How many builds of a queue are told in order. */
const MOST = 999;

/** Lower comes first: what is urgent, then whose turn it is. */
export const jobPriority = (priority: BuildPriority, round: number): number =>
  BAND[priority] * ROUNDS + Math.min(round, ROUNDS - 1) + 1;

/** @returns whether a job comes later than one of that priority may */
export const isBelow = (priority: number, wanted: BuildPriority): boolean =>
  priority > BAND[wanted] * ROUNDS + ROUNDS;

export type Lane = { readonly queue: Queue<BuildJob>; readonly name: string };

type Listeners = {
  readonly onNotice: (id: BuildId) => void;
  readonly onProgress: (id: BuildId, progress: JobProgress) => void;
  readonly onError: (error: Error) => void;
};

export type Retries = { readonly attempts: number; readonly delayMs: number };

/** The queues of builds, one for each architecture and set of capabilities, opened when there is something in them. */
export const openBuildLanes = (redisUrl: string, redis: Redis, retries: Retries, listeners: Listeners) => {
  const lanes = new Map<string, Promise<Lane & { readonly close: () => Promise<void> }>>();
  const { onNotice, onProgress, onError } = listeners;

  const noticed = ({ jobId }: { readonly jobId: string }): void => {
    const id = BuildId.safeParse(jobId);
    if (id.success) onNotice(id.data);
  };
  const progressed = ({ jobId, data }: { readonly jobId: string; readonly data: unknown }): void => {
    const id = BuildId.safeParse(jobId);
    const progress = JobProgress.safeParse(data);
    if (id.success && progress.success) onProgress(id.data, progress.data);
  };

  const open = async (name: string) => {
    const connection = redisOptions(redisUrl);
    const queue = new Queue<BuildJob>(name, {
      connection,
      defaultJobOptions: {
        ...KEEP,
        attempts: retries.attempts,
        backoff: { type: 'exponential', delay: retries.delayMs, jitter: 0.3 },
      },
    });
    const notices = new QueueEvents(name, { connection });
    queue.on('error', onError);
    notices
      .on('error', onError)
      .on('active', noticed)
      .on('completed', noticed)
      .on('failed', noticed)
      .on('delayed', noticed)
      .on('stalled', noticed)
      .on('progress', progressed);
    await notices.waitUntilReady();
    await announceQueue(redis, name);
    return { name, queue, close: async () => void (await Promise.all([queue.close(), notices.close()])) };
  };

  const laneOf = (name: string) => {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const opened = open(name);
    lanes.set(name, opened);
    opened.catch(() => lanes.delete(name));
    return opened;
  };

  return {
    laneOf,
    add: async (name: string, buildId: BuildId, priority: number): Promise<void> => {
      const { queue } = await laneOf(name);
      await queue.add('build', { v: 1, buildId }, { jobId: buildId, priority });
      await wakeWorkers(redis);
    },
    /** State first: a job read before it ended has no reason and no result yet. */
    read: async (build: Build & { readonly queue: string }) => {
      const { queue } = await laneOf(build.queue);
      const state = await queue.getJobState(build.id);
      const job: Job<BuildJob> | undefined = await queue.getJob(build.id);
      return job === undefined ? undefined : { state, job };
    },
    /** In the order in which workers take them. */
    order: async (name: string): Promise<Record<'waiting' | 'delayed', BuildId[]>> => {
      const { queue } = await laneOf(name);
      const idsOf = (jobs: readonly Job<BuildJob>[]): BuildId[] => jobs.map(({ id }) => BuildId.parse(id));
      const [first, waiting, delayed] = await Promise.all([
        queue.getWaiting(0, MOST),
        queue.getPrioritized(0, MOST),
        queue.getDelayed(0, MOST),
      ]);
      return { waiting: idsOf([...first, ...waiting]), delayed: idsOf(delayed) };
    },
    close: async (): Promise<void> => {
      await Promise.allSettled([...lanes.values()].map(async (lane) => (await lane).close()));
    },
  };
};

export type BuildLanes = ReturnType<typeof openBuildLanes>;
