import { Queue, QueueEvents, type Job } from 'bullmq';
import {
  askForBuild,
  buildsBefore,
  createRelease,
  failBuild,
  getBuild,
  getBuildRequest,
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
  type BuildJob,
  type BuildPriority,
  type BuildRequest,
  type BuildResult,
  type BuildTrigger,
  type ClassName,
  type ErrorCode,
  type SignJob,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';
import type { ImageRepository } from './image-repository.ts';
import { parseFailure } from './job-failure.ts';
import { prepareBuild } from './prepare-build.ts';

/** What a build is asked for with. */
export type StartBuild = {
  readonly deviceClass: ClassName;
  /** absent: the one after the last build of the class, see `nextVersion` */
  readonly version?: string | undefined;
  /** absent: normal */
  readonly priority?: BuildPriority | undefined;
  /** absent: an unnamed hand */
  readonly trigger?: BuildTrigger | undefined;
  /** a checkout to build from; it is copied, and may be gone afterwards. Absent: the image repository of the server */
  readonly images?: ImageRepository | undefined;
  /**
   * What else determines the result, as far as who asks knows: the digest that a tag was moved to, say. Builds are equal
   * only where these are.
   */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  /** a new build, even if there is an equal one */
  readonly force?: boolean | undefined;
};

/** `isNew: false`: an equal build was under way or had just succeeded; the trigger is among its causes now. */
export type StartedBuild = { readonly build: Build; readonly isNew: boolean };

/** The way of a build: queued → building → signing → succeeded, or failed, or cancelled. */
export type BuildFlow = {
  /**
   * Once it has answered, the build will end, whatever ends in between.
   *
   * @throws {SlipwayError} as `ImageRepository.snapshot`
   */
  readonly start: (asked: StartBuild) => Promise<StartedBuild>;
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
  /** how long a build that succeeded is the answer to one that is equal */
  readonly equalBuildsMs: number;
};

const UNNAMED: BuildTrigger = { kind: 'manual', id: null, cause: {} };

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
    over(await failBuild(db, id, { code, message }, new Date()));
  };
  /** Builds of the class may have waited for this one. */
  const over = (build: Build | undefined): void => {
    tell(build);
    if (build === undefined || closed) return;
    unfinishedBuilds(db).then(
      (rest) => {
        for (const { id, state, deviceClass } of rest)
          if (state === 'signing' && deviceClass === build.deviceClass) void look(id);
      },
      (error: unknown) => logger.error({ build: build.id, err: error }, 'looking at builds failed'),
    );
  };

  const lookAtBuilding = async (build: Build): Promise<void> => {
    // The state first: a job read before it ended has no reason and no result yet.
    const state = await builds.getJobState(build.id);
    const job: Job<BuildJob> | undefined = await builds.getJob(build.id);
    if (job === undefined) return addBuild(build.id);
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
      if (signing !== undefined) await lookAtSigning(signing);
    }
  };

  const lookAtSigning = async (build: Build): Promise<void> => {
    const state = await signs.getJobState(build.id);
    const job: Job<SignJob> | undefined = await signs.getJob(build.id);
    if (job === undefined) {
      // The signer refuses a counter below one that it has signed, so those of a class are signed in their order.
      const [first] = await buildsBefore(db, build);
      if (first === undefined) return void (await addSign(build.id));
      const step = `waiting for ${first.id}, the build of the class before`;
      if (build.step !== step) tell(await moveBuild(db, build.id, ['signing'], { step }));
      return;
    }
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
      over(await getBuild(db, build.id));
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

  const keepRequest = async (request: BuildRequest): Promise<void> => {
    if (!(await store.hasRequest(request.build))) await store.writeRequest(request);
  };
  /** Row, then file, then job: whoever finds one without the next goes on from there. */
  const addBuild = async (buildId: BuildId): Promise<void> => {
    const { request } = await getBuildRequest(db, buildId);
    if (request === null)
      return fail(buildId, 'INTERNAL', 'There is no record of what was to be built. Start a new build.');
    await keepRequest(request);
    await builds.add('build', { v: 1, buildId }, { jobId: buildId });
  };
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
    start: async ({ deviceClass, version, priority, trigger = UNNAMED, ...asked }) => {
      const prepared = await prepareBuild(store, asked.images ?? needs.images, {
        deviceClass,
        deployment: needs.deployment,
        inputs: asked.inputs ?? {},
      });
      const now = new Date();
      const { arch, source, inputDigest } = prepared;
      const started = await askForBuild(
        db,
        {
          deviceClass,
          version,
          priority,
          cause: { ...trigger, at: now.toISOString() },
          arch,
          needs: prepared.needs,
          queue: BUILD_QUEUE,
          source,
          inputDigest,
          request: (given) => prepared.request(given, trigger, now),
        },
        now,
        asked.force === true ? undefined : { windowMs: needs.equalBuildsMs },
      );
      tell(started.build);
      // Whether or not store and Redis answer now, the build is on record, and is looked at until it ends.
      const { request } = await getBuildRequest(db, started.build.id);
      if (request !== null)
        await keepRequest(request).catch((error: unknown) => {
          logger.error({ build: started.build.id, err: error }, 'the request of a build was not written yet');
        });
      void look(started.build.id);
      return started;
    },
    close: async () => {
      closed = true;
      clearInterval(timer);
      await Promise.all(looking.values());
      await Promise.all([...notices, builds, signs].map((source) => source.close()));
    },
  };
};
