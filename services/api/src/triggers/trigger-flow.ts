import {
  attachBuild,
  endRun,
  failTriggered,
  getTrigger,
  leaseRun,
  NotNow,
  publishTriggered,
  recordDelivery,
  rollOutTriggered,
  takeDueTriggers,
  takeRun,
  triggeredToFollow,
  unfinishedBuilds,
  waitingTriggered,
  type FleetEvents,
  type Followed,
  type TriggeredRow,
  type TriggerRunRow,
} from '@slipway/fleet';
import {
  codeOf,
  isTransient,
  messageOf,
  SlipwayError,
  type BuildTrigger,
  type ClassName,
  type RolloutId,
  type Trigger,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BuildFlow } from '../build-flow.ts';
import { openImageRepository } from '../image-repository.ts';
import { planRun, type PlanNeeds } from './plan-run.ts';
import { nextAt } from './next-at.ts';
import { repeated } from './repeated.ts';

type Needs = Omit<PlanNeeds, 'signal'> & {
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly builds: BuildFlow;
  readonly wakePlanner: (rollout: RolloutId) => Promise<void>;
};

/**
 * What triggers do after something set them off. All of it is in the database, and looked at from time to time: whoever
 * starts goes on where another has ended, and of several that look one does each thing.
 */
export type TriggerFlow = {
  /** There may be something to do. */
  readonly look: () => void;
  readonly close: () => Promise<void>;
};

const LOOK_MS = 1000;
const LEASE_MS = 20_000;
const RETRY_MS = 10_000;
const MAX_ATTEMPTS = 4;
/** A rollout that waits for another is tried again after so many looks. */
const CONFLICT_LOOKS = 10;

const RANKS: Readonly<Record<BuildTrigger['kind'], number>> = {
  manual: 0,
  webhook: 1,
  registry: 2,
  release: 3,
  upstream: 4,
  schedule: 5,
};

export const openTriggerFlow = (needs: Needs): TriggerFlow => {
  const { db, events, logger, builds, store } = needs;
  const stop = new AbortController();
  const onError = (error: unknown): void => {
    if (!stop.signal.aborted) logger.error({ err: error }, 'looking at triggers failed');
  };

  /** One that goes by time and is due. */
  const fire = async (tx: typeof db, trigger: Trigger, due: Date): Promise<void> => {
    const kind = trigger.on.kind === 'upstream' ? 'upstream' : 'schedule';
    const facts = { due: due.toISOString() };
    await recordDelivery(
      tx,
      {
        trigger: trigger.id,
        event: kind,
        verdict: 'accepted',
        reason: `it was due at ${due.toISOString()}`,
        facts,
        run: {
          asked: { trigger: trigger.id, key: kind, cause: { kind, id: trigger.id, cause: facts } },
          windowMs: 0,
        },
      },
      new Date(),
    );
  };

  const perform = async (run: TriggerRunRow): Promise<void> => {
    const renewal = setInterval(() => {
      leaseRun(db, run, new Date(Date.now() + LEASE_MS)).catch(onError);
    }, LEASE_MS / 4);
    try {
      const trigger = await getTrigger(db, run.trigger);
      const end =
        trigger.enabled || run.cause.kind === 'manual'
          ? await planRun({ ...needs, signal: stop.signal }, trigger, run)
          : { state: 'ignored' as const, message: 'the trigger was disabled', builds: [] };
      await endRun(db, run, RANKS[run.cause.kind], end, new Date());
    } catch (error) {
      // Left as it is, it is taken up by whoever looks next.
      if (stop.signal.aborted) return leaseRun(db, run, new Date());
      const failure = { code: codeOf(error), message: messageOf(error) };
      logger.warn({ run: run.id, trigger: run.trigger, err: error, ...failure }, 'a trigger failed');
      if (isTransient(failure.code) && run.attempts < MAX_ATTEMPTS)
        await leaseRun(db, run, new Date(Date.now() + RETRY_MS * 2 ** (run.attempts - 1)), failure);
      else await endRun(db, run, 0, { state: 'failed', ...failure, builds: [] }, new Date());
    } finally {
      clearInterval(renewal);
    }
  };
  const runs = repeated(async () => {
    await takeDueTriggers(db, nextAt, fire, new Date());
    for (;;) {
      const run = stop.signal.aborted ? undefined : await takeRun(db, LEASE_MS, new Date());
      if (run === undefined) return;
      await perform(run);
      rest.begin();
    }
  }, onError);

  const start = async (row: TriggeredRow): Promise<void> => {
    const { plan, deviceClass } = row;
    try {
      await builds.start({
        deviceClass,
        priority: plan.priority,
        trigger: plan.cause,
        inputs: plan.inputs,
        images: openImageRepository(store.sourcePath(plan.source)),
        within: (tx, asked) => attachBuild(tx, row, asked, new Date()),
      });
    } catch (error) {
      if (error instanceof NotNow) return;
      if (!(error instanceof SlipwayError) || error.code === 'INTERNAL') throw error;
      await failTriggered(db, row, ['waiting'], error, new Date());
    }
  };
  const startWaiting = async (): Promise<void> => {
    const waiting = await waitingTriggered(db);
    if (waiting.length === 0) return;
    const underWay = new Map<ClassName, number>();
    for (const { deviceClass } of await unfinishedBuilds(db))
      underWay.set(deviceClass, (underWay.get(deviceClass) ?? 0) + 1);
    for (const row of waiting) {
      const count = underWay.get(row.deviceClass) ?? 0;
      if (stop.signal.aborted || count >= row.plan.maxBuilds) continue;
      await start(row);
      underWay.set(row.deviceClass, count + 1);
    }
  };

  const tell = async ({ release, channel, rollout }: Followed): Promise<void> => {
    if (release !== undefined) events.publish({ kind: 'release', release });
    if (channel !== undefined) events.publish({ kind: 'channel', channel });
    if (rollout === undefined) return;
    events.publish({ kind: 'rollout', rollout });
    await wake(rollout.id);
  };
  const wake = (id: RolloutId): Promise<void> =>
    // The planner looks by itself, too.
    needs
      .wakePlanner(id)
      .catch((error: unknown) => logger.warn({ rollout: id, err: error }, 'the planner was not woken'));
  let looks = 0;
  const followOne = async (row: TriggeredRow): Promise<void> => {
    const isLate = row.code === 'CONFLICT' && looks % CONFLICT_LOOKS !== 0;
    if (isLate) return;
    try {
      if (row.state === 'building') await tell(await publishTriggered(db, row, new Date()));
      if (row.plan.rollout !== undefined) await tell(await rollOutTriggered(db, row, new Date()));
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code === 'INTERNAL') throw error;
      logger.warn({ build: row.build, code: error.code, err: error }, 'what was to follow a build failed');
      await failTriggered(db, row, ['building', 'published'], error, new Date());
    }
  };
  const rest = repeated(async () => {
    looks++;
    await startWaiting();
    for (const row of await triggeredToFollow(db)) {
      if (stop.signal.aborted) return;
      await followOne(row).catch(onError);
    }
  }, onError);

  const look = (): void => {
    if (stop.signal.aborted) return;
    runs.begin();
    rest.begin();
  };
  const timer = setInterval(look, LOOK_MS);
  look();
  return {
    look,
    close: async () => {
      stop.abort(new Error('the API ends'));
      clearInterval(timer);
      await Promise.all([runs.ended(), rest.ended()]);
    },
  };
};
