import type { Redis } from 'ioredis';
import {
  getBuildRequest,
  getQualification,
  getRelease,
  liveQualifiers,
  moveQualification,
  openQualifications,
  predecessorOf,
  qualifyAgain,
  type Database,
  type FleetEvents,
  type OpenQualification,
  type QualificationChange,
} from '@slipway/fleet';
import {
  QualifyResult,
  SlipwayError,
  type ChannelName,
  type Qualification,
  type Qualifier,
  type ReleaseId,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import { parseFailure } from '../job-failure.ts';
import { oneLookAtATime } from '../one-look-at-a-time.ts';
import { jobIdOf, openQualifyLanes } from './lanes.ts';
import { lookAtWaiting } from './waiting.ts';
import { cannotStart } from './wish.ts';

/** The way of a qualification: pending → running → passed, failed, or skipped. */
export type QualificationFlow = {
  /** There may be something to do. */
  readonly look: (release: ReleaseId) => void;
  /**
   * Has a release qualified, once more or against what its class says.
   *
   * @param within done in the transaction that asks for it
   * @throws {SlipwayError} NOT_FOUND; CONFLICT where that is under way, or makes no sense
   */
  readonly again: (
    release: ReleaseId,
    channel: ChannelName | undefined,
    within: (tx: Database) => Promise<void>,
  ) => Promise<Qualification>;
  /** that live, and what each tries */
  readonly qualifiers: () => Promise<Qualifier[]>;
  readonly close: () => Promise<void>;
};

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly redis: Redis;
  readonly redisUrl: string;
};

const LOOK_AGAIN_MS = 10_000;

/**
 * As with builds, a qualification moves by looking at its job, never by believing a notice; what happens while the API is
 * down is caught up with by looking at all that are open, from time to time.
 */
export const openQualificationFlow = (needs: Needs): QualificationFlow => {
  const { db, events, logger, redis } = needs;
  let closed = false;
  const onError = (error: Error): void => logger.warn({ err: error }, 'queue connection failed');

  const move = async (open: OpenQualification, change: QualificationChange): Promise<void> => {
    const moved = await moveQualification(db, open, change);
    if (moved !== undefined) events.publish({ kind: 'qualification', qualification: moved });
  };
  const end = async (open: OpenQualification, change: QualificationChange): Promise<void> => {
    logger.info({ release: open.release, state: change.state, code: change.code }, 'qualification ended');
    await move(open, { step: null, finishedAt: new Date(), ...change });
  };

  const lanes = openQualifyLanes(needs.redisUrl, {
    onNotice: (id) => void look(id),
    onProgress: (id, { step }) => {
      if (closed) return;
      openQualifications(db, id)
        .then(([open]) => (open === undefined ? undefined : move(open, { step })))
        .catch((error: unknown) => {
          if (!closed) logger.error({ release: id, err: error }, 'progress of a qualification was not kept');
        });
    },
    onError,
  });

  const wait = async (open: OpenQualification): Promise<'waits' | 'skipped'> => {
    const waitedMs = Date.now() - Date.parse(open.createdAt);
    const waiting = lookAtWaiting(open.arch, await liveQualifiers(redis), waitedMs);
    if ('skip' in waiting) {
      await end(open, { state: 'skipped', reason: waiting.skip });
      return 'skipped';
    }
    if (open.step !== waiting.step || open.state !== 'pending')
      await move(open, { state: 'pending', step: waiting.step });
    return 'waits';
  };

  const moveOne = async (open: OpenQualification): Promise<void> => {
    const { release, build, round } = open;
    const queue = await lanes.queueOf(open.arch);
    const jobId = jobIdOf(release, round);
    // State first: a job read before it ended has no reason and no result yet.
    const state = await queue.getJobState(jobId);
    const job = await queue.getJob(jobId);
    if (open.isWithdrawn) {
      if (job !== undefined && state !== 'active') await job.remove();
      await end(open, { state: 'skipped', reason: 'the release was withdrawn' });
      return;
    }
    if (job === undefined) {
      if ((await wait(open)) === 'skipped') return;
      const from = await predecessorOf(db, open);
      await queue.add(
        'qualify',
        { v: 1, release, build, ...(from === undefined ? {} : { from }) },
        { jobId },
      );
      return;
    }
    const begun = {
      startedAt: new Date(job.processedOn ?? Date.now()),
      attempts: job.attemptsStarted,
      worker: job.processedBy ?? null,
    };
    if (state === 'active') {
      if (open.state !== 'running' || open.attempts !== begun.attempts)
        await move(open, { state: 'running', step: null, ...begun });
    } else if (state === 'completed') {
      const result = QualifyResult.safeParse(job.returnvalue);
      if (result.success && result.data.release === release) {
        const { v: _v, release: _release, ...found } = result.data;
        await end(open, { ...found, ...begun });
      } else
        await end(open, {
          ...begun,
          state: 'failed',
          code: 'INTERNAL',
          message: 'The qualifier gave an answer that does not fit the release.',
        });
    } else if (state === 'failed')
      await end(open, { ...begun, state: 'failed', ...parseFailure(job.failedReason) });
    else if ((await wait(open)) === 'skipped') await job.remove();
  };

  const { look, settled } = oneLookAtATime<ReleaseId>(
    async (id) => {
      const [open] = closed ? [] : await openQualifications(db, id);
      if (open !== undefined) await moveOne(open);
    },
    (id, error) => {
      if (!closed) logger.error({ release: id, err: error }, 'looking at a qualification failed');
    },
  );
  const lookAtAll = (): void => {
    if (closed || redis.status !== 'ready') return;
    openQualifications(db).then(
      (all) => {
        for (const { release } of all) void look(release);
      },
      (error: unknown) => {
        if (!closed) logger.error({ err: error }, 'looking at qualifications failed');
      },
    );
  };
  const timer = setInterval(lookAtAll, LOOK_AGAIN_MS);
  lookAtAll();

  return {
    look: (release) => void look(release),
    again: async (id, channel, within) => {
      const asked = await db.transaction(async (tx) => {
        const { build, state } = await getRelease(tx, id);
        const { request } = await getBuildRequest(tx, build);
        const cannot = request === null ? undefined : cannotStart(request);
        if (state === 'withdrawn' || cannot !== undefined)
          throw new SlipwayError(
            'CONFLICT',
            `Release ${id} cannot be qualified: ${cannot ?? 'it is withdrawn'}. Build one that can.`,
            { details: { state } },
          );
        const again = await qualifyAgain(tx, id, channel, new Date());
        if (again === undefined) {
          const { step, state: now } = await getQualification(tx, id);
          throw new SlipwayError(
            'CONFLICT',
            `Release ${id} is being qualified already (${step ?? now}). Wait for its end.`,
            { details: { state: now } },
          );
        }
        await within(tx);
        return again;
      });
      events.publish({ kind: 'qualification', qualification: asked });
      void look(id);
      return asked;
    },
    qualifiers: () => liveQualifiers(redis),
    close: async () => {
      closed = true;
      clearInterval(timer);
      await settled();
      await lanes.close();
    },
  };
};
