import { Queue, QueueEvents, type Job } from 'bullmq';
import {
  createBuild,
  createRelease,
  failBuild,
  getBuild,
  moveBuild,
  progressOfBuild,
  redisOptions,
  unfinishedBuilds,
  type Database,
  type FleetEvents,
} from '@slipway/fleet';
import {
  BUILD_QUEUE,
  BuildId,
  codeOf,
  JobProgress,
  messageOf,
  SIGN_QUEUE,
  SignResult,
  type Build,
  type BuildCreate,
  type BuildJob,
  type BuildRequest,
  type BuildResult,
  type ErrorCode,
  type SignJob,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';
import type { ImageRepository } from './image-repository.ts';
import { parseFailure } from './job-failure.ts';

/** The way of a build: queued → building → signing → succeeded, or failed. */
export type BuildFlow = {
  /** @throws {SlipwayError} as `ImageRepository.snapshot` */
  readonly start: (asked: BuildCreate) => Promise<Build>;
  readonly close: () => Promise<void>;
};

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly store: ArtifactStore;
  readonly images: ImageRepository;
  readonly deployment: BuildRequest['deployment'];
  readonly redisUrl: string;
};

// The job id is the build id, so adding a job twice adds it once, as long as the first is still remembered.
const KEEP = { removeOnComplete: { age: 30 * 86_400 }, removeOnFail: { age: 30 * 86_400 } };
const LOOK_AGAIN_MS = 10_000;

/**
 * A build moves by looking at its job, never by believing a notice: notices only say when to look. So whatever happens
 * while the API is down is caught up with by looking at every unfinished build once it is back, and from time to time.
 */
export const openBuildFlow = async (needs: Needs): Promise<BuildFlow> => {
  const { db, events, logger, store } = needs;
  const connection = redisOptions(needs.redisUrl);
  const builds = new Queue<BuildJob>(BUILD_QUEUE, { connection, defaultJobOptions: KEEP });
  const signs = new Queue<SignJob>(SIGN_QUEUE, { connection, defaultJobOptions: KEEP });
  const notices = [BUILD_QUEUE, SIGN_QUEUE].map((name) => new QueueEvents(name, { connection }));
  const looking = new Map<BuildId, Promise<void>>();
  let closed = false;

  const tell = (build: Build | undefined): void => {
    if (build !== undefined) events.publish({ kind: 'build', build });
  };
  const fail = async (id: BuildId, code: ErrorCode, message: string): Promise<void> => {
    logger.warn({ build: id, code, message }, 'build failed');
    tell(await failBuild(db, id, { code, message }, new Date()));
  };

  const lookAtBuilding = async (build: Build): Promise<void> => {
    // The state first: a job read before it ended has no reason and no result yet.
    const state = await builds.getJobState(build.id);
    const job: Job<BuildJob> | undefined = await builds.getJob(build.id);
    if (job === undefined) {
      if (await store.hasRequest(build.id)) return void (await addBuild(build.id));
      // Between the row and the file the API died; who asked got no answer and asks again.
      if (Date.now() - Date.parse(build.createdAt) < 60_000) return;
      return fail(
        build.id,
        'INTERNAL',
        'The API ended before the request of the build was written. Start a new build.',
      );
    }
    if (state === 'active' && build.state === 'queued') {
      tell(await moveBuild(db, build.id, ['queued'], { state: 'building', startedAt: new Date() }));
    } else if (state === 'failed') {
      const { code, message } = parseFailure(job.failedReason);
      await fail(build.id, code, message);
    } else if (state === 'completed') {
      const result = await resultOf(build);
      if (result === undefined) return;
      const signing = await moveBuild(db, build.id, ['queued', 'building'], {
        state: 'signing',
        step: 'sign',
        percent: 0,
        artifacts: result.artifacts,
        ...(build.startedAt === null ? { startedAt: new Date(job.processedOn ?? Date.now()) } : {}),
      });
      tell(signing);
      if (signing !== undefined) await addSign(build.id);
    }
  };

  const lookAtSigning = async (build: Build): Promise<void> => {
    const state = await signs.getJobState(build.id);
    const job: Job<SignJob> | undefined = await signs.getJob(build.id);
    if (job === undefined) return void (await addSign(build.id));
    if (state === 'failed') {
      const { code, message } = parseFailure(job.failedReason);
      await fail(build.id, code, message);
    } else if (state === 'completed') {
      const signed = SignResult.safeParse(job.returnvalue);
      const result = await resultOf(build);
      if (result === undefined) return;
      if (!signed.success || signed.data.release !== build.release) {
        return fail(build.id, 'INTERNAL', 'The signer gave an answer that does not fit the build.');
      }
      const release = await createRelease(db, result, signed.data, new Date());
      tell(await getBuild(db, build.id));
      if (release !== undefined) events.publish({ kind: 'release', release });
    }
  };

  /** What the builder declared, where it is about this build; otherwise the build has failed. */
  const resultOf = async (build: Build): Promise<BuildResult | undefined> => {
    try {
      const result = await store.readResult(build.id);
      const fits =
        result.build === build.id &&
        result.release === build.release &&
        result.counter === build.counter &&
        result.version === build.version &&
        result.deviceClass === build.deviceClass;
      if (fits) return result;
      await fail(build.id, 'BUILD_FAILED', 'The builder declared the result of another build.');
    } catch (error) {
      await fail(build.id, 'BUILD_FAILED', `The builder's result.json cannot be used: ${messageOf(error)}`);
    }
    return undefined;
  };

  const addBuild = (buildId: BuildId) => builds.add('build', { v: 1, buildId }, { jobId: buildId });
  const addSign = (buildId: BuildId) => signs.add('sign', { v: 1, buildId }, { jobId: buildId });

  const lookOnce = async (id: BuildId): Promise<void> => {
    const build = await getBuild(db, id);
    if (build.state === 'queued' || build.state === 'building') await lookAtBuilding(build);
    else if (build.state === 'signing') await lookAtSigning(build);
  };

  /** One look at a build at a time; each begins after the one before. */
  const look = (id: BuildId): Promise<void> => {
    const last = looking.get(id) ?? Promise.resolve();
    const next = last
      .then(() => (closed ? undefined : lookOnce(id)))
      .catch((error: unknown) => {
        if (!closed)
          logger.error({ build: id, code: codeOf(error), err: error }, 'looking at a build failed');
      })
      .finally(() => {
        if (looking.get(id) === next) looking.delete(id);
      });
    looking.set(id, next);
    return next;
  };
  const lookAtAll = async (): Promise<void> => {
    await Promise.all((await unfinishedBuilds(db)).map(({ id }) => look(id)));
  };

  const onNotice = ({ jobId }: { readonly jobId: string }): void => {
    const id = BuildId.safeParse(jobId);
    if (id.success) void look(id.data);
  };
  const onProgress = ({ jobId, data }: { readonly jobId: string; readonly data: unknown }): void => {
    const id = BuildId.safeParse(jobId);
    const progress = JobProgress.safeParse(data);
    if (!id.success || !progress.success || closed) return;
    progressOfBuild(db, id.data, progress.data).then(tell, (error: unknown) => {
      logger.error({ build: id.data, err: error }, 'progress of a build was not kept');
    });
  };
  const onError = (error: Error): void => logger.warn({ err: error }, 'queue connection failed');
  for (const queue of [builds, signs]) queue.on('error', onError);
  for (const notice of notices) {
    notice
      .on('error', onError)
      .on('active', onNotice)
      .on('completed', onNotice)
      .on('failed', onNotice)
      .on('progress', onProgress);
    await notice.waitUntilReady();
  }
  await lookAtAll();
  const timer = setInterval(() => {
    lookAtAll().catch((error: unknown) => logger.error({ err: error }, 'looking at builds failed'));
  }, LOOK_AGAIN_MS);

  return {
    start: async ({ deviceClass, version }) => {
      const snapshot = await needs.images.snapshot(deviceClass);
      const now = new Date();
      const build = await createBuild(db, { deviceClass, version }, now);
      await store.writeRequest({
        v: 1,
        build: build.id,
        release: build.release,
        version,
        counter: build.counter,
        deviceClass,
        timeFloor: Math.floor(now.getTime() / 1000),
        ...snapshot,
        deployment: needs.deployment,
      });
      tell(build);
      await addBuild(build.id);
      return build;
    },
    close: async () => {
      closed = true;
      clearInterval(timer);
      await Promise.all(looking.values());
      await Promise.all([...notices, builds, signs].map((source) => source.close()));
    },
  };
};
