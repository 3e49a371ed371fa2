import {
  savesTwice,
  step,
  type Effect,
  type Event,
  type Job,
  type JobResult,
  type State,
} from './core/index.ts';
import type { Runtime } from './runtime/port.ts';
import type { StateFile } from './state-file.ts';

export type RunningJob = {
  readonly job: Job;
  /** uptime in seconds */
  readonly since: number;
  readonly controller: AbortController;
};

export type Runner = {
  readonly state: () => State;
  readonly running: () => RunningJob | undefined;
  /** Resolves when the event is decided, its state saved and its effects begun. Events take their turns. */
  readonly dispatch: (event: Event) => Promise<void>;
  readonly stop: () => void;
  /** Rejects where state cannot be saved. */
  readonly failed: Promise<never>;
};

export type RunnerOptions = {
  readonly runtime: Pick<Runtime, 'time'>;
  readonly save: StateFile['save'];
  readonly initial: State;
  /** @returns undefined where the job was stopped: its result no longer counts */
  readonly perform: (job: Job, signal: AbortSignal) => Promise<JobResult | undefined>;
  /** Called with every state that is saved, before its effects. */
  readonly onState: (state: State, event: Event) => void;
  /** All effects but those on jobs. */
  readonly carryOut: (effect: Exclude<Effect, { readonly kind: 'run' | 'stop' }>) => void;
};

/**
 * The loop around `step`: an event is decided, the new state saved, then the effects are carried out. Nothing is done
 * whose state is not saved, so that after any power cut the same effects are found again.
 */
export const openRunner = (options: RunnerOptions): Runner => {
  const { runtime } = options;
  let state = options.initial;
  let running: RunningJob | undefined;
  const failure = Promise.withResolvers<never>();
  // Whoever waits for it hears of it; nobody has to.
  failure.promise.catch(() => undefined);

  const stop = (): void => {
    running?.controller.abort(new Error('the job was stopped'));
    running = undefined;
  };

  const start = (job: Job): void => {
    stop();
    const mine = { job, since: runtime.time.uptime(), controller: new AbortController() };
    running = mine;
    void options.perform(job, mine.controller.signal).then(async (result) => {
      mine.controller.abort(new Error('the job is over'));
      if (running === mine) running = undefined;
      if (result !== undefined) await dispatch({ kind: 'job', id: job.id, result });
    });
  };

  const handle = async (event: Event): Promise<void> => {
    const [next, effects] = step(state, event);
    if (next.saved !== state.saved) {
      await options.save(next.saved);
      if (savesTwice(event)) await options.save(next.saved);
    }
    state = next;
    options.onState(state, event);
    for (const effect of effects) {
      if (effect.kind === 'run') start(effect.job);
      else if (effect.kind === 'stop') stop();
      else options.carryOut(effect);
    }
  };

  let queue: Promise<void> = Promise.resolve();
  const dispatch = async (event: Event): Promise<void> => {
    queue = queue.then(async () => handle(event));
    queue.catch((error: unknown) => {
      failure.reject(error);
    });
    return queue;
  };

  return { state: () => state, running: () => running, dispatch, stop, failed: failure.promise };
};
