import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  buildsBefore,
  createRelease,
  failBuild,
  getBuild,
  getBuildRequest,
  liveWorkers,
  moveBuild,
  waitingBuild,
  type Database,
  type FleetEvents,
} from '@slipway/fleet';
import {
  messageOf,
  SignResult,
  type Build,
  type BuildId,
  type BuildResult,
  type BuildWorker,
  type ErrorCode,
  type Release,
  type SignJob,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';
import type { BuildJobs } from './build-jobs.ts';
import type { BuildLanes } from './build-lanes.ts';
import { parseFailure } from './job-failure.ts';
import type { QualificationFlow } from './qualifications/flow.ts';
import { signingOf } from './signing-profiles.ts';
import { qualificationWish } from './qualifications/wish.ts';
import type { ReleaseContents } from './release-contents.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly store: ArtifactStore;
  readonly redis: Redis;
  readonly lanes: BuildLanes;
  readonly signs: Queue<SignJob>;
  readonly jobs: BuildJobs;
  readonly tell: (build: Build | undefined) => void;
  /** the same, of one that has ended */
  readonly over: (build: Build | undefined) => void;
  /** keeps who signed a release; never fails */
  readonly noteSigner: (release: Release) => Promise<void>;
  readonly qualifications: Pick<QualificationFlow, 'look'>;
  readonly contentsOf: ReleaseContents['read'];
};

const NO_RECORD = 'There is no record of what was to be built. Start a new build.';

const withNeeds = ({ arch, needs }: Pick<Build, 'arch' | 'needs'>): string =>
  `${arch ?? 'any architecture'}${needs.length === 0 ? '' : ` that can do ${needs.join(', ')}`}`;

const takes = (worker: BuildWorker, { arch, needs }: Build): boolean =>
  arch !== null && worker.arches.includes(arch) && needs.every((need) => worker.capabilities.includes(need));

/** Looks at the job of a build and moves the build to where its job is. */
export const openBuildMoves = (needs: Needs): ((id: BuildId) => Promise<void>) => {
  const { db, events, logger, store, redis, lanes, signs, jobs, tell, over } = needs;
  const { noteSigner, qualifications, contentsOf } = needs;

  const fail = async (id: BuildId, code: ErrorCode, message: string): Promise<void> => {
    logger.warn({ build: id, code, message }, 'build failed');
    over(await failBuild(db, id, { code, message }, new Date()));
  };

  /** What a build waits for that no worker has begun. */
  const lookAtWaiting = async (build: Build): Promise<void> => {
    const someone = (await liveWorkers(redis)).some((worker) => takes(worker, build));
    const step = someone ? 'queued' : `waiting for a worker for ${withNeeds(build)}`;
    tell(await waitingBuild(db, build.id, step));
  };

  const lookAtBuilding = async (build: Build): Promise<void> => {
    const { queue } = build;
    if (queue === null) return fail(build.id, 'INTERNAL', NO_RECORD);
    const found = await lanes.read({ ...build, queue });
    if (found === undefined) {
      if (await jobs.addBuild({ ...build, queue })) return lookAtWaiting(build);
      return fail(build.id, 'INTERNAL', NO_RECORD);
    }
    const { state, job } = found;
    if (state === 'prioritized') await jobs.raise(build, job);
    const attempt = { attempts: job.attemptsStarted, worker: job.processedBy ?? build.worker };
    if (state === 'active') {
      if (build.state === 'building' && build.attempts === attempt.attempts) return;
      const startedAt = build.startedAt === null ? new Date() : new Date(build.startedAt);
      const begun = { state: 'building' as const, startedAt, ...attempt };
      tell(await moveBuild(db, build.id, ['queued', 'building'], begun));
    } else if (state === 'failed') {
      const { code, message } = parseFailure(job.failedReason);
      await moveBuild(db, build.id, ['queued', 'building'], attempt);
      await fail(build.id, code, message);
    } else if (state === 'completed') {
      const result = await resultOf(build);
      if (result === undefined) return;
      const signing = await moveBuild(db, build.id, ['queued', 'building'], {
        state: 'signing',
        step: 'sign',
        percent: 0,
        artifacts: result.artifacts,
        ...attempt,
        ...(build.startedAt === null ? { startedAt: new Date(job.processedOn ?? Date.now()) } : {}),
      });
      tell(signing);
      if (signing !== undefined) await lookAtSigning(signing);
    } else if (build.state === 'building') {
      // It failed in a way that may pass, or its worker is gone.
      const failure = state === 'delayed' ? parseFailure(job.failedReason) : undefined;
      const step =
        failure === undefined ? 'queued again: its worker is gone' : `trying again after ${failure.code}`;
      tell(await moveBuild(db, build.id, ['building'], { state: 'queued', step, percent: 0, ...attempt }));
    } else if (state !== 'delayed' && build.attempts === 0) await lookAtWaiting(build);
  };

  const lookAtSigning = async (build: Build): Promise<void> => {
    const state = await signs.getJobState(build.id);
    const job: Job<SignJob> | undefined = await signs.getJob(build.id);
    if (job === undefined) {
      // The signer refuses a counter below one that it has signed, so those of a class are signed in their order.
      const [first] = await buildsBefore(db, build);
      if (first === undefined) return jobs.addSign(build.id);
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
      const { request } = await getBuildRequest(db, build.id);
      const wish = qualificationWish(request);
      const contents = await contentsOf(build.id, result.artifacts);
      const release = await createRelease(
        db,
        result,
        signed.data,
        new Date(),
        wish,
        contents,
        request === null ? undefined : signingOf(request),
      );
      over(await getBuild(db, build.id));
      if (release === undefined) return;
      events.publish({ kind: 'release', release });
      qualifications.look(release.id);
      await noteSigner(release);
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

  return async (id) => {
    const build = await getBuild(db, id);
    if (build.state === 'queued' || build.state === 'building') await lookAtBuilding(build);
    else if (build.state === 'signing') await lookAtSigning(build);
  };
};
