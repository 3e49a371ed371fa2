import { UnrecoverableError } from 'bullmq';
import type { Redis } from 'ioredis';
import { isCancelled } from '@slipway/fleet/build-workers';
import {
  type BuildId,
  BuildJob,
  type BuildResult,
  SlipwayError,
  codeOf,
  isTransient,
  messageOf,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { BuilderConfig } from './config.ts';
import type { Taken } from './job-source.ts';
import { runBuild } from './run-build.ts';

/** A job says which build, and nothing else: no path, no command. */
export const buildIdOf = (data: unknown): BuildId => {
  const result = BuildJob.safeParse(data);
  if (!result.success)
    throw new SlipwayError(
      'REQUEST_INVALID',
      `expected a job of {"v":1,"buildId":…} and nothing more: ${z.prettifyError(result.error)}`,
      { cause: result.error },
    );
  return result.data.buildId;
};

const cancelled = (id: BuildId): SlipwayError =>
  new SlipwayError('BUILD_CANCELLED', `Build ${id} was cancelled. Start a new build if it is wanted.`);

/** The job is no longer ours, so what we say of it does not count. */
class LockLost extends Error {}

export type Work = {
  readonly config: BuilderConfig;
  readonly redis: Redis;
  readonly logger: Logger;
};

/** Builds under way: looked at again when there is a notice, and from time to time. */
export type UnderWay = { readonly build: BuildId; readonly check: () => Promise<void> };

/**
 * One attempt of a build, from a job that was taken to what is said of it. The lock on the job is renewed all the while;
 * once it is lost, because this machine slept or Redis was away for long, the attempt ends and says nothing.
 */
export const work = async (
  { config, redis, logger }: Work,
  { job, token, renew }: Taken,
  begun: (underWay: UnderWay) => void,
): Promise<void> => {
  const abort = new AbortController();
  const renewal = setInterval(() => {
    renew().then(
      (ours) => {
        if (!ours) abort.abort(new LockLost(`the lock on ${job.id ?? 'a job'} is lost`));
      },
      (error: unknown) => logger.warn({ job: job.id, err: error }, 'a lock was not renewed'),
    );
  }, config.stalledMs / 2);
  const build = async (): Promise<BuildResult> => {
    const buildId = buildIdOf(job.data);
    const check = async (): Promise<void> => {
      if (await isCancelled(redis, buildId)) abort.abort(cancelled(buildId));
    };
    begun({ build: buildId, check });
    await check();
    abort.signal.throwIfAborted();
    logger.info({ build: buildId, attempt: job.attemptsStarted }, 'build started');
    const result = await runBuild({
      config,
      buildId,
      attempt: Math.max(1, job.attemptsStarted),
      attemptName: token.replaceAll(':', '-'),
      signal: abort.signal,
      // Progress is for people; a queue that is away for a moment must not fail a build.
      progress: (progress) => void job.updateProgress(progress).catch(() => undefined),
    });
    logger.info({ build: buildId, rootHash: result.rootHash }, 'build done');
    return result;
  };
  try {
    const result = await build();
    await job.moveToCompleted(result, token, false);
  } catch (error) {
    if (error instanceof LockLost) {
      logger.warn({ job: job.id }, 'the lock on a job was lost; it is left to whoever has it');
      return;
    }
    const code = codeOf(error);
    logger.error({ job: job.id, code, err: error }, 'build failed');
    const reason = JSON.stringify({ code, message: messageOf(error) });
    const failure = isTransient(code) ? new Error(reason) : new UnrecoverableError(reason);
    await job.moveToFailed(failure, token, false);
  } finally {
    clearInterval(renewal);
  }
};
