import type { HealthGates, HealthState, ServiceReport } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import { judgeGates, type GateSight, type GateWatch, type JobResult } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { observeGates, readServices } from './observe.ts';

const TRIAL_LOOK_MS = 1_000;

export type Health = { readonly state: HealthState; readonly services: readonly ServiceReport[] };

export type HealthMonitor = {
  readonly health: () => Health;
  /** Looks at every gate; calls `onChange` where the health is another than before. */
  readonly look: () => Promise<readonly GateSight[]>;
  /** Watches the gates of a trial until there is a verdict. */
  readonly judge: (
    trial: { readonly startedAt: number; readonly broker: boolean },
    isConnected: () => boolean,
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
  let health: Health = { state: 'starting', services: [] };

  const stateOf = (sights: readonly GateSight[]): HealthState => {
    if (sights.every((sight) => sight.ok)) return 'ok';
    const starting = health.state === 'starting' && runtime.time.uptime() - begun < gates.deadline;
    return starting && !sights.some((sight) => sight.final === true) ? 'starting' : 'failed';
  };

  const look = async (): Promise<readonly GateSight[]> => {
    const services = await readServices(runtime, config);
    const sights = await observeGates(runtime, gates, services);
    const before = health.state;
    health = {
      state: stateOf(sights),
      services: services.map(({ name, state, starts }) => ({ name, state, starts })),
    };
    if (health.state !== before) onChange();
    return sights;
  };

  return {
    health: () => health,
    look,
    judge: async (trial, isConnected, signal) => {
      let watch: GateWatch = { holdingSince: null };
      let shown = '';
      for (;;) {
        const sights = [...(await look())];
        if (trial.broker && gates.broker) {
          sights.push({ gate: 'broker', ok: isConnected(), saw: 'expected a connection, there is none' });
        }
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
