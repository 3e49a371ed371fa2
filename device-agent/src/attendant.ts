import {
  LINK_DEFAULTS,
  type Command,
  type CommandResult,
  type DeviceId,
  type LinkReport,
  type WatchdogReport,
} from '@slipway/protocol';
import { blockTransfer, type Blocks } from './channel/blocks.ts';
import type { Session } from './channel/session.ts';
import { commandRunner } from './commands/runner.ts';
import type { AgentConfig } from './config.ts';
import { mayFeed, type Event, type Job, type State } from './core/index.ts';
import { healthMonitor, type HealthMonitor } from './health/monitor.ts';
import { timeoutOf } from './health/probe.ts';
import { openWatchdog } from './health/watchdog.ts';
import type { ImageFiles } from './image-files.ts';
import { linkMonitor, type LinkState } from './link/link.ts';
import { rateOf } from './link/policy.ts';
import { dailyBudget } from './logs/budget.ts';
import type { Runtime } from './runtime/port.ts';
import { telemetryReporter } from './telemetry/telemetry.ts';

const LOOK_MS = 10_000;
/** Bytes per second that logs on demand take of the link. */
const LOG_RATE = 64 * 1024;
const METERED_LOG_RATE = 8 * 1024;

export type AttendantOptions = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly image: ImageFiles;
  /** the agent's newest lines */
  readonly agentLines: () => Uint8Array;
  /** seconds since 1970 */
  readonly now: () => number;
  readonly state: () => State;
  /** the job that runs, and since which uptime */
  readonly running: () => { readonly job: Job; readonly since: number } | undefined;
  /** the loader's default was read and names no other slot than the one that runs */
  readonly isConfirmed: () => boolean;
  readonly session: () => Session | undefined;
  readonly deviceId: () => DeviceId | undefined;
  /** Resolves when the state is saved. */
  readonly dispatch: (event: Event) => Promise<void>;
  readonly signal: AbortSignal;
};

/** What the agent does beside its jobs: looks at health and link, feeds the watchdog, reports, answers commands. */
export type Attendant = {
  readonly monitor: HealthMonitor;
  readonly blocks: Blocks;
  readonly link: () => LinkState;
  readonly watchdog: () => WatchdogReport | null;
  readonly proveBroker: () => Promise<boolean>;
  readonly onCommand: (command: Command, retained: boolean) => void;
  readonly answer: (result: CommandResult) => void;
  readonly onConnected: () => void;
  /** Ends with the signal. */
  readonly watch: () => Promise<void>;
};

export const openAttendant = async (options: AttendantOptions): Promise<Attendant> => {
  const { runtime, config, image, signal, session } = options;
  const policy = image.settings.link ?? {};
  const link = linkMonitor(runtime, config, policy);
  await link.look();
  const linkReport = (): LinkReport => ({
    ...link.state(),
    reconnects: Math.max(0, (session()?.connections() ?? 0) - 1),
  });

  const monitor = healthMonitor(runtime, config, image.gates, () => {
    void telemetry.flush().catch(() => undefined);
  });
  const telemetry = telemetryReporter({
    runtime,
    config,
    policy,
    bootId: image.bootId,
    health: monitor.health,
    link: linkReport,
    send: (message) => session()?.send('telemetry', message),
  });
  const watchdog = await openWatchdog(runtime, config);
  const lookTakes = Math.max(0, ...image.gates.probes.map(timeoutOf));
  const begunAt = runtime.time.uptime();
  const isFed = (): boolean => {
    const running = options.running();
    return mayFeed(options.state(), {
      now: runtime.time.uptime(),
      begunAt,
      lookedAt: monitor.lookedAt(),
      job: running === undefined ? null : { kind: running.job.kind, since: running.since },
      lookTakes,
      isConfirmed: options.isConfirmed(),
    });
  };

  const budget = dailyBudget(policy.logBudgetPerDay ?? LINK_DEFAULTS.logBudgetPerDay);
  const runner = commandRunner({
    runtime,
    config,
    deviceId: options.deviceId,
    diagnostics: image.settings.diagnostics ?? [],
    remoteRollback: image.settings.remoteRollback ?? false,
    logs: {
      runtime,
      config,
      budget,
      rate: () => (link.state().metered ? METERED_LOG_RATE : LOG_RATE),
      agentLines: options.agentLines,
      send: async (piece) => (await session()?.deliver('log', piece)) === true,
    },
    dispatch: options.dispatch,
    deliver: async (result) => (await session()?.deliver('result', result)) === true,
    now: options.now,
    signal,
  });

  const look = async (): Promise<void> => {
    if (options.running()?.job.kind !== 'judge') await monitor.look();
    if (await link.look()) runtime.log(`link: ${link.state().metered ? 'metered' : 'not metered'}`);
    await telemetry.tick();
  };

  return {
    monitor,
    blocks: blockTransfer(runtime, () => rateOf(policy, link.state().metered)),
    link: link.state,
    watchdog: watchdog.report,
    proveBroker: async () => (await session()?.deliver('telemetry', await telemetry.take(), 1)) === true,
    onCommand: runner.take,
    answer: runner.answer,
    onConnected: () => {
      runner.onConnected();
      void telemetry.flush().catch(() => undefined);
    },
    watch: async () => {
      const loop = async (): Promise<void> => {
        while (!signal.aborted) {
          await look();
          await runtime.time.sleep(LOOK_MS, signal);
        }
      };
      await Promise.all([loop(), watchdog.run(isFed, signal)]);
    },
  };
};
