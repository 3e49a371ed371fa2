import type { HealthGates, HealthState, ServiceReport } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import { judgeGates, type GateSight, type GateWatch, type JobResult } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { brokerWatch } from './broker.ts';
import { gateObserver, readServices } from './observe.ts';

const TRIAL_LOOK_MS = 1_000;

export type Health = {
  readonly state: HealthState;
  readonly services: readonly ServiceReport[];
  /** gates that do not hold */
  readonly failing: readonly string[];
};

export type HealthMonitor = {
  readonly health: () => Health;
  /** uptime in seconds at which the last look ended, at first that of the start */
  readonly lookedAt: () => number;
  /** Looks at every gate; calls `onChange` where the health is another than before. */
  readonly look: () => Promise<readonly GateSight[]>;
  /** Watches the gates of a trial until there is a verdict. */
  readonly judge: (
    trial: { readonly startedAt: number; readonly broker: boolean },
    proveBroker: () => Promise<boolean>,
    signal: AbortSignal,
  ) => Promise<JobResult>;
};

export const healthMonitor = (
  runtime: Runtime,
  config: AgentConfig,
  gates: HealthGates,
  onChange: () => void,
): HealthMonitor => {
  const begun = runtime.time.uptime();
  const observe = gateObserver(runtime, config, gates);
  let lookedAt = begun;
  let health: Health = { state: 'starting', services: [], failing: [] };

  const stateOf = (sights: readonly GateSight[]): HealthState => {
    if (sights.every((sight) => sight.ok)) return 'ok';
    const starting = health.state === 'starting' && runtime.time.uptime() - begun < gates.deadline;
    return starting && !sights.some((sight) => sight.final === true) ? 'starting' : 'failed';
  };

  const look = async (): Promise<readonly GateSight[]> => {
    const services = await readServices(runtime, config);
    const sights = await observe(services);
    const before = health.state;
    health = {
      state: stateOf(sights),
      services: services.map(({ name, state, starts }) => ({ name, state, starts })),
      failing: sights.filter((sight) => !sight.ok).map(({ gate }) => gate),
    };
    lookedAt = runtime.time.uptime();
    if (health.state !== before) onChange();
    return sights;
  };

  return {
    health: () => health,
    lookedAt: () => lookedAt,
    look,
    judge: async (trial, proveBroker, signal) => {
      const broker = trial.broker && gates.broker ? brokerWatch(runtime, proveBroker) : undefined;
      let watch: GateWatch = { holdingSince: null };
      let shown = '';
      for (;;) {
        const sights = [...(await look()), ...(broker === undefined ? [] : [broker.look()])];
        const verdict = judgeGates(watch, gates, sights, trial.startedAt, runtime.time.uptime());
        signal.throwIfAborted();
        if (verdict.kind === 'healthy') return { kind: 'healthy' };
        if (verdict.kind === 'failed')
          return { kind: 'failed', code: verdict.code, message: verdict.message };
        ({ watch } = verdict);
        const failing = sights.filter((sight) => !sight.ok).map((sight) => sight.gate);
        if (failing.join() !== shown)
          runtime.log(`trial: waiting for ${failing.join(', ') || 'the stable time'}`);
        shown = failing.join();
        await runtime.time.sleep(TRIAL_LOOK_MS, signal);
      }
    },
  };
};
