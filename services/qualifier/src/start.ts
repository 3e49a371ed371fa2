import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { announceQualifier, forgetQualifier } from '@slipway/fleet/qualifiers';
import { redisOptions } from '@slipway/fleet/redis';
import {
  codeOf,
  messageOf,
  QualifyJob,
  qualifyQueue,
  SlipwayError,
  type QualifyResult,
  type ReleaseId,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import { z } from 'zod';
import { abilitiesHere } from './abilities.ts';
import type { QualifierConfig } from './config.ts';
import { qualify, WORK_PREFIX } from './qualify.ts';

export type RunningQualifier = { readonly close: () => Promise<void> };

const HEARTBEAT_MS = 2000;
/** A worker that is silent for this long is gone. */
const ALIVE_MS = 10_000;
/** How often a job whose worker died is taken up again before it counts as what kills workers. */
const MAX_DEATHS = 20;

const jobOf = (data: unknown): QualifyJob => {
  const job = QualifyJob.safeParse(data);
  if (job.success) return job.data;
  throw new SlipwayError(
    'REQUEST_INVALID',
    `expected a job with the ids of a release and nothing more: ${z.prettifyError(job.error)}`,
    { cause: job.error },
  );
};

/** What a worker left that was killed. */
const removeLeft = async (workDir: string): Promise<void> => {
  await mkdir(workDir, { recursive: true });
  for (const name of await readdir(workDir))
    if (name.startsWith(WORK_PREFIX)) await rm(join(workDir, name), { recursive: true, force: true });
};

/** One piece of work after the other. */
const inTurn = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
};

/**
 * Takes qualifications, one at a time, of the architectures whose devices can be started here. Killed in the middle of one,
 * it leaves it to whoever looks next, who begins it anew.
 */
export const startQualifier = async (config: QualifierConfig, logger: Logger): Promise<RunningQualifier> => {
  await removeLeft(config.workDir);
  const { arches, cannot } = await abilitiesHere();
  const redis = new Redis(redisOptions(config.redisUrl));
  const onError = (error: Error): void => logger.warn({ err: error }, 'queue connection failed');
  redis.on('error', onError);
  const closing = new AbortController();
  const turn = inTurn();
  const underWay = new Set<ReleaseId>();
  const startedAt = new Date().toISOString();
  const announce = (): Promise<void> =>
    announceQualifier(
      redis,
      {
        id: config.worker,
        host: hostname(),
        pid: process.pid,
        arches,
        cannot,
        releases: [...underWay],
        startedAt,
      },
      ALIVE_MS,
    );

  const work = async (job: Job<unknown, QualifyResult>): Promise<QualifyResult> => {
    try {
      const asked = jobOf(job.data);
      const { release } = asked;
      return await turn(async () => {
        closing.signal.throwIfAborted();
        underWay.add(release);
        logger.info(
          { release, from: asked.from?.release, attempt: job.attemptsStarted },
          'qualification begun',
        );
        try {
          const result = await qualify({
            config,
            job: asked,
            signal: closing.signal,
            // Progress is for people; a queue that is away for a moment must not fail a qualification.
            progress: (step) => void job.updateProgress({ step }).catch(() => undefined),
          });
          const { state, code, steps } = result;
          logger.info({ release, state, code, steps }, 'qualification ended');
          return result;
        } finally {
          underWay.delete(release);
        }
      });
    } catch (error) {
      // The job stays ours until its lock is over; then another takes it. An end of our own would be one of the release.
      if (closing.signal.aborted) return new Promise<never>(() => undefined);
      logger.error({ job: job.id, code: codeOf(error), err: error }, 'qualification broke off');
      throw new Error(JSON.stringify({ code: codeOf(error), message: messageOf(error) }), { cause: error });
    }
  };

  await announce();
  const heartbeat = setInterval(() => void announce().catch(onError), HEARTBEAT_MS);
  const workers = arches.map(
    (arch) =>
      new Worker<unknown, QualifyResult>(qualifyQueue(arch), work, {
        connection: redisOptions(config.redisUrl),
        name: config.worker,
        concurrency: 1,
        // A worker that was killed no longer renews its locks.
        lockDuration: config.stalledMs * 2,
        stalledInterval: config.stalledMs,
        maxStalledCount: MAX_DEATHS,
      }),
  );
  for (const worker of workers) worker.on('error', onError);
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  logger.info({ worker: config.worker, arches, cannot }, 'qualifier is up');
  return {
    close: async () => {
      clearInterval(heartbeat);
      closing.abort(new Error('the qualifier ends'));
      await turn(async () => undefined);
      await Promise.all(workers.map((worker) => worker.close(true)));
      await forgetQualifier(redis, config.worker).catch(onError);
      redis.disconnect();
    },
  };
};
