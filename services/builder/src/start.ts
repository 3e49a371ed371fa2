import { Worker } from 'bullmq';
import { redisOptions } from '@slipway/fleet/redis';
import { BUILD_QUEUE, BuildJob, type BuildResult, codeOf, messageOf } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BuilderConfig } from './config.ts';
import { runBuild } from './run-build.ts';

export type RunningBuilder = { readonly close: () => Promise<void> };

/** A killed worker's job is taken up again after at most twice this time; long tools leave the event loop free. */
const STALLED_MS = 15_000;

/** Takes build jobs. A job that fails does so with `{"code","message"}` as its reason. */
export const startBuilder = async (config: BuilderConfig, logger: Logger): Promise<RunningBuilder> => {
  const worker = new Worker<unknown, BuildResult>(
    BUILD_QUEUE,
    async (job) => {
      try {
        const { buildId } = BuildJob.parse(job.data);
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
      lockDuration: STALLED_MS * 2,
      stalledInterval: STALLED_MS,
    },
  );
  worker.on('error', (error) => logger.warn({ err: error }, 'queue connection failed'));
  await worker.waitUntilReady();
  logger.info('builder is up');
  return { close: () => worker.close() };
};
