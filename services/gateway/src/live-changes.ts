import { getExecutions, getRollout, type Database, type FleetEvents } from '@slipway/fleet';
import { codeOf, type ExecutionId, type RolloutId } from '@slipway/protocol';
import type { Logger } from 'pino';

/** Tells whoever looks on what has changed, once for many changes. */
export type LiveChanges = {
  readonly executions: (ids: Iterable<ExecutionId>) => void;
  readonly rollout: (id: RolloutId) => void;
  /** tells what is left, and ends */
  readonly close: () => Promise<void>;
};

/** A rollout is counted anew for each time that it is told of, and a person sees no more. */
const ROLLOUT_EVERY_MS = 250;

type Needs = { readonly db: Database; readonly events: FleetEvents; readonly logger: Logger };

export const createLiveChanges = ({ db, events, logger }: Needs): LiveChanges => {
  const executions = new Set<ExecutionId>();
  const rollouts = new Set<RolloutId>();
  let toldAt = 0;
  let running: Promise<void> | undefined;
  let hurry = Promise.withResolvers<void>();
  let closed = false;

  const tell = async (): Promise<void> => {
    if (executions.size > 0) {
      const ids = [...executions];
      executions.clear();
      for (const execution of await getExecutions(db, ids)) events.publish({ kind: 'execution', execution });
    }
    if (rollouts.size === 0) return;
    if (!closed && Date.now() - toldAt < ROLLOUT_EVERY_MS) return;
    const ids = [...rollouts];
    rollouts.clear();
    for (const id of ids) events.publish({ kind: 'rollout', rollout: await getRollout(db, id) });
    toldAt = Date.now();
  };

  const run = async (): Promise<void> => {
    while (executions.size + rollouts.size > 0) {
      try {
        await tell();
      } catch (error) {
        logger.error({ code: codeOf(error), err: error }, 'telling of changes failed');
      }
      if (rollouts.size > 0 && executions.size === 0 && !closed) await pause();
    }
    running = undefined;
  };

  /** Until the next rollout may be told of, or there is something else to tell. */
  const pause = async (): Promise<void> => {
    hurry = Promise.withResolvers<void>();
    const timer = setTimeout(hurry.resolve, Math.max(0, toldAt + ROLLOUT_EVERY_MS - Date.now()));
    await hurry.promise;
    clearTimeout(timer);
  };

  const start = (): void => {
    // A run that finds nothing is over before it is known as the one that runs, and would be taken for it for ever.
    if (executions.size + rollouts.size === 0) return;
    hurry.resolve();
    running ??= run();
  };

  return {
    executions: (ids) => {
      for (const id of ids) executions.add(id);
      start();
    },
    rollout: (id) => {
      rollouts.add(id);
      start();
    },
    close: async () => {
      closed = true;
      hurry.resolve();
      await running;
    },
  };
};
