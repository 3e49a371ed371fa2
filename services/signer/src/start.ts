import { mkdir } from 'node:fs/promises';
import { Worker } from 'bullmq';
import { redisOptions } from '@slipway/fleet/redis';
import {
  type BuildId,
  codeOf,
  messageOf,
  SIGN_QUEUE,
  SignJob,
  type SignResult,
  SlipwayError,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import { assertPrivate, type SignerConfig } from './config.ts';
import { readSigningKeys } from './keys.ts';
import { signBuild } from './sign-build.ts';

/** Jobs carry an id and nothing else, least of all a path. */
const buildOf = (data: unknown): BuildId => {
  const job = SignJob.safeParse(data);
  if (job.success) return job.data.buildId;
  throw new SlipwayError(
    'REQUEST_INVALID',
    'Expected a sign job with the id of a build; found something else.',
    {
      cause: job.error,
    },
  );
};

export type RunningSigner = { readonly close: () => Promise<void> };

/**
 * Takes sign jobs, one at a time: the log has one writer. A job that fails does so with `{"code","message"}` as its
 * reason.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const startSigner = async (config: SignerConfig, logger: Logger): Promise<RunningSigner> => {
  const keys = await readSigningKeys(config.keysDir, (profile, error) =>
    logger.error({ profile, code: codeOf(error), err: error }, 'keys of a signing profile are broken'),
  );
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  await assertPrivate(config.stateDir);
  const worker = new Worker<unknown, SignResult>(
    SIGN_QUEUE,
    async (job) => {
      try {
        const buildId = buildOf(job.data);
        const signed = await signBuild(
          { config, keys, now: () => new Date(), onProgress: (progress) => job.updateProgress(progress) },
          buildId,
        );
        logger.info(
          { build: buildId, release: signed.release, bundle: signed.bundle.digest },
          'build signed',
        );
        return signed;
      } catch (error) {
        logger.error({ job: job.id, code: codeOf(error), err: error }, 'build refused');
        throw new Error(JSON.stringify({ code: codeOf(error), message: messageOf(error) }), { cause: error });
      }
    },
    { connection: redisOptions(config.redisUrl), concurrency: 1 },
  );
  worker.on('error', (error) => logger.warn({ err: error }, 'queue connection failed'));
  await worker.waitUntilReady();
  logger.info('signer is up');
  return { close: () => worker.close() };
};
