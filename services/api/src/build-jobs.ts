import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { buildsBefore, getBuildRequest, markCancelled, moveBuild, type Database } from '@slipway/fleet';
import { isMoreUrgent, type Build, type BuildId, type BuildRequest, type SignJob } from '@slipway/protocol';
import type { ArtifactStore } from './artifact-store.ts';
import { isBelow, jobPriority, type BuildLanes } from './build-lanes.ts';

type Needs = {
  readonly db: Database;
  readonly store: ArtifactStore;
  readonly redis: Redis;
  readonly lanes: BuildLanes;
  readonly signs: Queue<SignJob>;
};

/** Puts builds into the queues of builders and signer, and takes them out. */
export const openBuildJobs = ({ db, store, redis, lanes, signs }: Needs) => {
  const keepRequest = async (request: BuildRequest): Promise<void> => {
    if (!(await store.hasRequest(request.build))) await store.writeRequest(request);
  };
  /** An urgent build is signed after those of its class before it, so they are as urgent. */
  const raiseBefore = async (build: Build): Promise<void> => {
    for (const { id, priority, queue } of await buildsBefore(db, build)) {
      if (queue === null || !isMoreUrgent(build.priority, priority)) continue;
      await moveBuild(db, id, ['queued', 'building'], { priority: build.priority });
      const { round } = await getBuildRequest(db, id);
      const job = await (await lanes.laneOf(queue)).queue.getJob(id);
      await job?.changePriority({ priority: jobPriority(build.priority, round) });
    }
  };

  return {
    keepRequest,

    /**
     * Row, then file, then job: whoever finds one without the next goes on from there.
     *
     * @returns whether there is a record of what is to be built
     */
    addBuild: async (build: Build & { readonly queue: string }): Promise<boolean> => {
      const { request, round } = await getBuildRequest(db, build.id);
      if (request === null) return false;
      await keepRequest(request);
      await lanes.add(build.queue, build.id, jobPriority(build.priority, round));
      await raiseBefore(build);
      return true;
    },

    /** An equal build was asked for, and is more urgent. */
    raise: async (build: Build, job: Job): Promise<void> => {
      if (!isBelow(job.priority, build.priority)) return;
      const { round } = await getBuildRequest(db, build.id);
      await job.changePriority({ priority: jobPriority(build.priority, round) });
      await raiseBefore(build);
    },

    addSign: async (buildId: BuildId): Promise<void> => {
      await signs.add('sign', { v: 1, buildId }, { jobId: buildId });
    },

    /** Takes a cancelled build out of its queue, or away from whoever is at it. */
    retire: async ({ id, queue }: Build): Promise<void> => {
      await markCancelled(redis, id);
      if (queue === null) return;
      const job = await (await lanes.laneOf(queue)).queue.getJob(id);
      if (job === undefined || (await job.isActive()) || (await job.isFailed())) return;
      await job.remove();
    },
  };
};

export type BuildJobs = ReturnType<typeof openBuildJobs>;
