import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import {
  askForBuild,
  cancelBuild,
  cancelledBuildsSince,
  getBuild,
  getBuildRequest,
  liveWorkers,
  progressOfBuild,
  redisOptions,
  unfinishedBuilds,
  waitingBuild,
  type Database,
  type FleetEvents,
  type NewBuild,
} from '@slipway/fleet';
import {
  buildQueue,
  BuildId,
  codeOf,
  JobProgress,
  SIGN_QUEUE,
  SlipwayError,
  type Build,
  type BuildPriority,
  type BuildQueueState,
  type BuildRequest,
  type BuildTrigger,
  type BuildWorker,
  type ClassName,
  type OutputFormat,
  type Release,
  type SignJob,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';
import { openBuildJobs } from './build-jobs.ts';
import { KEEP, openBuildLanes, type Retries } from './build-lanes.ts';
import { openBuildMoves } from './build-moves.ts';
import type { ImageRepository } from './image-repository.ts';
import { oneLookAtATime } from './one-look-at-a-time.ts';
import { prepareBuild } from './prepare-build.ts';
import { refuseChangedProfile, refuseOtherKeys } from './signing-change.ts';
import { rootsOf, type SigningProfiles } from './signing-profiles.ts';
import { queueStates } from './queue-states.ts';
import type { QualificationFlow } from './qualifications/flow.ts';
import type { ReleaseContents } from './release-contents.ts';

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
  /** done in the transaction that makes the build, or joins an equal one; where it throws, nothing was asked for */
  readonly within?: NewBuild['within'];
  /** what is made of the image, in place of `outputs` of the class */
  readonly outputs?: readonly OutputFormat[] | undefined;
  /** a new build, even if there is an equal one */
  readonly force?: boolean | undefined;
  /** although devices would refuse it, as another profile signs it than they trust */
  readonly changeSigning?: boolean | undefined;
};

/** `isNew: false`: an equal build was under way or had just succeeded; the trigger is among its causes now, and the priority is the higher. */
export type StartedBuild = { readonly build: Build; readonly isNew: boolean };

/** The way of a build: queued → building → signing → succeeded, or failed, or cancelled. */
export type BuildFlow = {
  /**
   * Once it has answered, the build will end, whatever ends in between.
   *
   * @throws {SlipwayError} as `ImageRepository.snapshot`; SIGNING_PROFILE_UNKNOWN, SIGNING_PROFILE_CHANGED
   */
  readonly start: (asked: StartBuild) => Promise<StartedBuild>;
  /**
   * Ends a build that nobody wants any more: it is cancelled from here on, and a worker that is at it stops.
   *
   * @param within done in the transaction that ends it, if it had not been cancelled before
   * @throws {SlipwayError} NOT_FOUND; CONFLICT where it is being signed, or has ended otherwise
   */
  readonly cancel: (
    id: BuildId,
    within?: (tx: Database, cancelled: Build) => Promise<void>,
  ) => Promise<Build>;
  /**
   * Builds the same once more: the same files, the same version, a counter and a release of its own.
   *
   * @param within as of `StartBuild`
   * @throws {SlipwayError} NOT_FOUND; CONFLICT where it has not failed and was not cancelled; as `refuseOtherKeys`
   */
  readonly retry: (id: BuildId, trigger: BuildTrigger, within?: NewBuild['within']) => Promise<StartedBuild>;
  /** live ones */
  readonly workers: () => Promise<BuildWorker[]>;
  /** those with something in them, or with a worker, by name */
  readonly queues: () => Promise<BuildQueueState[]>;
  readonly close: () => Promise<void>;
};

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly store: ArtifactStore;
  readonly images: ImageRepository;
  readonly deployment: Omit<BuildRequest['deployment'], 'releaseRoot'>;
  readonly profiles: SigningProfiles;
  /** keeps who signed a release; never fails */
  readonly noteSigner: (release: Release) => Promise<void>;
  readonly qualifications: Pick<QualificationFlow, 'look'>;
  readonly contentsOf: ReleaseContents['read'];
  readonly redisUrl: string;
  /** how long a build that succeeded is the answer to one that is equal */
  readonly equalBuildsMs: number;
  readonly retries: Retries;
};

const UNNAMED: BuildTrigger = { kind: 'manual', id: null, cause: {} };

const LOOK_AGAIN_MS = 10_000;
/** Cancelled while Redis was away, a build may still be in a queue. */
const CANCELLED_LATELY_MS = 86_400_000;

/**
 * A build moves by looking at its job, never by believing a notice: notices only say when to look. So whatever happens
 * while the API is down is caught up with by looking at every unfinished build once it is back, and from time to time.
 */
export const openBuildFlow = async (needs: Needs): Promise<BuildFlow> => {
  const { db, events, logger, store, noteSigner, contentsOf } = needs;
  const connection = redisOptions(needs.redisUrl);
  const onError = (error: Error): void => logger.warn({ err: error }, 'queue connection failed');
  const redis = new Redis(connection);
  redis.on('error', onError);
  const signs = new Queue<SignJob>(SIGN_QUEUE, { connection, defaultJobOptions: KEEP });
  const signNotices = new QueueEvents(SIGN_QUEUE, { connection });
  let closed = false;

  const tell = (build: Build | undefined): void => {
    if (build !== undefined) events.publish({ kind: 'build', build });
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

  const retireSoon = (build: Build): void => {
    jobs.retire(build).catch((error: unknown) => {
      logger.warn({ build: build.id, err: error }, 'a cancelled build is not out of its queue yet');
    });
  };
  const lookAtAll = async (): Promise<void> => {
    const unfinished = await unfinishedBuilds(db);
    if (redis.status === 'ready') return void (await Promise.all(unfinished.map(({ id }) => look(id))));
    for (const { id } of unfinished)
      tell(await waitingBuild(db, id, 'waiting for Redis, which does not answer'));
  };
  // The connection that is closed at the end closes, too: then there is nothing to look at any more.
  const lookSoon = (): void => {
    if (closed) return;
    lookAtAll().catch((error: unknown) => {
      if (!closed) logger.error({ err: error }, 'looking at builds failed');
    });
  };

  const onNotice = (id: BuildId): void => void look(id);
  const onProgress = (id: BuildId, progress: JobProgress): void => {
    if (closed) return;
    progressOfBuild(db, id, progress).then(tell, (error: unknown) => {
      if (!closed) logger.error({ build: id, err: error }, 'progress of a build was not kept');
    });
  };
  const lanes = openBuildLanes(needs.redisUrl, redis, needs.retries, { onNotice, onProgress, onError });
  const jobs = openBuildJobs({ db, store, redis, lanes, signs });
  const move = openBuildMoves({
    db,
    events,
    logger,
    store,
    redis,
    lanes,
    signs,
    jobs,
    tell,
    over,
    noteSigner,
    qualifications: needs.qualifications,
    contentsOf,
  });
  const { look, settled } = oneLookAtATime<BuildId>(
    async (id) => {
      if (!closed) await move(id);
    },
    (id, error) => {
      if (!closed) logger.error({ build: id, code: codeOf(error), err: error }, 'looking at a build failed');
    },
  );
  signs.on('error', onError);
  const onSign = ({ jobId }: { readonly jobId: string }): void => {
    const id = BuildId.safeParse(jobId);
    if (id.success) onNotice(id.data);
  };
  signNotices
    .on('error', onError)
    .on('completed', onSign)
    .on('failed', onSign)
    .on('progress', ({ jobId, data }) => {
      const id = BuildId.safeParse(jobId);
      const progress = JobProgress.safeParse(data);
      if (id.success && progress.success) onProgress(id.data, progress.data);
    });
  await signNotices.waitUntilReady();
  await lookAtAll();
  for (const build of await cancelledBuildsSince(db, new Date(Date.now() - CANCELLED_LATELY_MS)))
    retireSoon(build);
  const timer = setInterval(lookSoon, LOOK_AGAIN_MS);
  // Redis was away: notices of that time are lost.
  redis.on('ready', lookSoon).on('close', lookSoon);

  const begin = async (started: StartedBuild): Promise<StartedBuild> => {
    tell(started.build);
    // Whether or not store and Redis answer now, the build is on record, and is looked at until it ends.
    const { request } = await getBuildRequest(db, started.build.id);
    if (request !== null)
      await jobs.keepRequest(request).catch((error: unknown) => {
        logger.error({ build: started.build.id, err: error }, 'the request of a build was not written yet');
      });
    void look(started.build.id);
    return started;
  };

  return {
    start: async ({ deviceClass, version, priority, trigger = UNNAMED, ...asked }) => {
      await store.requireRoom();
      const prepared = await prepareBuild(store, asked.images ?? needs.images, {
        deviceClass,
        deploymentOf: (snapshot) => ({
          ...needs.deployment,
          releaseRoot: rootsOf(needs.profiles, snapshot),
        }),
        inputs: asked.inputs ?? {},
        outputs: asked.outputs,
      });
      if (asked.changeSigning !== true)
        await refuseChangedProfile(db, needs.profiles, { deviceClass, ...prepared.wish });
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
          queue: buildQueue(arch, prepared.needs),
          source,
          inputDigest,
          request: (given) => prepared.request(given, trigger, now),
          within: asked.within,
        },
        now,
        asked.force === true ? undefined : { windowMs: needs.equalBuildsMs },
      );
      return begin(started);
    },
    cancel: async (id, within) => {
      const cancelled = await cancelBuild(db, id, new Date(), within);
      if (cancelled !== undefined) {
        over(cancelled);
        retireSoon(cancelled);
        return cancelled;
      }
      const build = await getBuild(db, id);
      if (build.state === 'cancelled') return build;
      throw new SlipwayError(
        'CONFLICT',
        build.state === 'signing'
          ? `Build ${id} is being signed, which is not broken off; withdraw its release ${build.release} once it is there.`
          : `Build ${id} has ${build.state}; only a build that is queued or building is cancelled.`,
        { details: { state: build.state } },
      );
    },
    retry: async (id, trigger, within) => {
      await store.requireRoom();
      const build = await getBuild(db, id);
      const { request } = await getBuildRequest(db, id);
      if ((build.state !== 'failed' && build.state !== 'cancelled') || request === null)
        throw new SlipwayError(
          'CONFLICT',
          `Build ${id} is ${build.state}; only a build that failed or was cancelled is built once more. Start a new build.`,
          { details: { state: build.state } },
        );
      await refuseOtherKeys(db, needs.profiles, request);
      const now = new Date();
      const { deviceClass, version, priority, arch, source, inputDigest, queue } = build;
      const timeFloor = Math.floor(now.getTime() / 1000);
      const started = await askForBuild(
        db,
        {
          deviceClass,
          version,
          priority,
          cause: { ...trigger, at: now.toISOString() },
          arch: arch ?? undefined,
          needs: build.needs,
          queue: queue ?? undefined,
          source: source ?? undefined,
          inputDigest: inputDigest ?? undefined,
          retryOf: id,
          request: (given) => ({ ...request, ...given, timeFloor, cause: trigger }),
          within,
        },
        now,
        { windowMs: needs.equalBuildsMs },
      );
      return begin(started);
    },
    workers: () => liveWorkers(redis),
    queues: async () => queueStates(lanes, await liveWorkers(redis), await unfinishedBuilds(db)),
    close: async () => {
      closed = true;
      clearInterval(timer);
      await settled();
      await Promise.all([signNotices.close(), signs.close(), lanes.close()]);
      redis.disconnect();
    },
  };
};
