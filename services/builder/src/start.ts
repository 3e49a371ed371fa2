import { Worker } from 'bullmq';
import { redisOptions } from '@slipway/fleet/redis';
import {
  BUILD_QUEUE,
  type BuildId,
  BuildJob,
  type BuildResult,
  SlipwayError,
  codeOf,
  messageOf,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { BuilderConfig } from './config.ts';
import { runBuild } from './run-build.ts';

export type RunningBuilder = { readonly close: () => Promise<void> };

/** A job says which build, and nothing else: no path, no command. */
const buildIdOf = (data: unknown): BuildId => {
  const result = BuildJob.safeParse(data);
  if (!result.success)
    throw new SlipwayError(
      'REQUEST_INVALID',
      `expected a job of {"v":1,"buildId":…} and nothing more: ${z.prettifyError(result.error)}`,
      { cause: result.error },
    );
  return result.data.buildId;
};

/** Takes build jobs. A job that fails does so with `{"code","message"}` as its reason. */
export const startBuilder = async (config: BuilderConfig, logger: Logger): Promise<RunningBuilder> => {
  const worker = new Worker<unknown, BuildResult>(
    BUILD_QUEUE,
    async (job) => {
      try {
        const buildId = buildIdOf(job.data);
        logger.info({ build: buildId }, 'build started');
        const result = await runBuild({
          config,
          buildId,
          // Progress is for people; a queue that is away for a moment must not fail a build.
          progress: (progress) => void job.updateProgress(progress).catch(() => undefined),
        });
        logger.info({ build: buildId, rootHash: result.rootHash }, 'build done');
        return result;
      } catch (error) {
        logger.error({ job: job.id, code: codeOf(error), err: error }, 'build failed');
        throw new Error(JSON.stringify({ code: codeOf(error), message: messageOf(error) }), { cause: error });
      }
    },
    {
      connection: redisOptions(config.redisUrl),
      concurrency: config.concurrency,
      // A worker that was killed no longer renews its lock; long tools leave the event loop free to do so.
      lockDuration: config.stalledMs * 2,
      stalledInterval: config.stalledMs,
    },
  );
  worker.on('error', (error) => logger.warn({ err: error }, 'queue connection failed'));
  await worker.waitUntilReady();
  logger.info('builder is up');
  return { close: () => worker.close() };
};
