import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { announceWorker, BUILD_NOTICES, forgetWorker } from '@slipway/fleet/build-workers';
import { redisOptions } from '@slipway/fleet/redis';
import { TOOL_VERSION } from '@slipway/image';
import type { Logger } from 'pino';
import type { BuilderConfig } from './config.ts';
import { openJobSource } from './job-source.ts';
import { type UnderWay, work } from './work.ts';

export type RunningBuilder = { readonly close: () => Promise<void> };

/** A notice that was missed costs this long. */
const LOOK_AGAIN_MS = 1000;
const HEARTBEAT_MS = 2000;
/** A worker that is silent for this long is gone. */
const ALIVE_MS = 10_000;

/** Takes build jobs, as many at once as there is room for. A job that fails does so with `{"code","message"}` as its reason. */
export const startBuilder = async (config: BuilderConfig, logger: Logger): Promise<RunningBuilder> => {
  const [redis, listener] = [
    new Redis(redisOptions(config.redisUrl)),
    new Redis(redisOptions(config.redisUrl)),
  ];
  const onError = (error: Error): void => logger.warn({ err: error }, 'redis connection failed');
  for (const connection of [redis, listener]) connection.on('error', onError);
  const source = openJobSource(config, redis, logger);
  const underWay = new Set<UnderWay>();
  const startedAt = new Date().toISOString();
  const closing = new AbortController();
  let wake = Promise.withResolvers<void>();

  const announce = (): Promise<void> =>
    announceWorker(
      redis,
      {
        id: config.worker,
        host: hostname(),
        pid: process.pid,
        version: TOOL_VERSION,
        arches: [...config.arches],
        capabilities: [...config.capabilities],
        concurrency: config.concurrency,
        builds: [...underWay].map(({ build }) => build),
        startedAt,
        seenAt: new Date().toISOString(),
      },
      ALIVE_MS,
    );
  const look = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
    for (const { build, check } of underWay)
      check().catch((error: unknown) => logger.warn({ build, err: error }, 'a build was not looked at'));
  };

  /** Takes jobs one after the other; as many of these run as builds may at once. */
  const serve = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const notice = wake.promise;
      const taken = await source.next().catch((error: unknown) => {
        logger.warn({ err: error }, 'no job could be taken');
        return undefined;
      });
      if (taken === undefined) {
        await Promise.race([
          notice,
          delay(LOOK_AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined),
        ]);
        continue;
      }
      let own: UnderWay | undefined;
      await work({ config, redis, logger }, taken, (begun) => {
        own = begun;
        underWay.add(begun);
        announce().catch(onError);
      }).catch((error: unknown) => {
        logger.error({ job: taken.job.id, err: error }, 'the end of a build was not recorded');
      });
      if (own !== undefined) underWay.delete(own);
      announce().catch(onError);
    }
  };

  await announce();
  listener.on('message', look);
  await listener.subscribe(BUILD_NOTICES);
  const heartbeat = setInterval(() => {
    announce().catch(onError);
    for (const { build, check } of underWay)
      check().catch((error: unknown) => logger.warn({ build, err: error }, 'a build was not looked at'));
  }, HEARTBEAT_MS);
  const serving = Array.from({ length: config.concurrency }, serve);
  logger.info(
    { worker: config.worker, arches: config.arches, capabilities: config.capabilities },
    'builder is up',
  );
  return {
    close: async () => {
      closing.abort();
      wake.resolve();
      await Promise.all(serving);
      clearInterval(heartbeat);
      await source.close();
      await forgetWorker(redis, config.worker).catch(onError);
      redis.disconnect();
      listener.disconnect();
    },
  };
};
