import {
  LINK_DEFAULTS,
  MAX_TELEMETRY_SAMPLES,
  type LinkPolicy,
  type LinkReport,
  type Telemetry,
  type TelemetrySample,
} from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Health } from '../health/monitor.ts';
import type { Runtime } from '../runtime/port.ts';
import { busyShare, readMachine, type CpuTime, type Machine } from './machine.ts';

export type TelemetryOptions = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly policy: LinkPolicy;
  readonly bootId: string;
  readonly health: () => Health;
  readonly link: () => LinkReport;
  readonly send: (telemetry: Telemetry) => void;
};

export type TelemetryReporter = {
  /** Looks at the machine if it is time, and sends what is due. Called by the loop, every few seconds. */
  readonly tick: () => Promise<void>;
  /** Sends at once, with what was gathered. */
  readonly flush: () => Promise<void>;
  /** a whole look, for whoever sends it otherwise */
  readonly take: () => Promise<Telemetry>;
};

/** Looks that go in one message while the link is metered. */
export const METERED_LOOKS = 10;

/** What `df -Pk` says of a file system: name, blocks, used, available, share, place. */
const diskTotal = async (runtime: Runtime, directory: string): Promise<number | undefined> => {
  const { status, stdout } = await runtime.processes.run(['df', '-Pk', directory]);
  const blocks = /^\S+\s+(\d+)\s/m.exec(stdout.split('\n').slice(1).join('\n'))?.[1];
  return status === 0 && blocks !== undefined ? Number(blocks) * 1024 : undefined;
};

/** Only what is known: an absent key says that it cannot be told. */
const known = <T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of T without undefined
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };

export const telemetryReporter = (options: TelemetryOptions): TelemetryReporter => {
  const { runtime, config, policy } = options;
  const interval = policy.telemetryInterval ?? LINK_DEFAULTS.telemetryInterval;
  const bootTime = runtime.time.uptime();
  let total: number | undefined;
  let lookedAt = bootTime;
  let cpu: CpuTime | undefined;
  let samples: readonly TelemetrySample[] = [];

  const look = async (): Promise<{ readonly machine: Machine; readonly sample: TelemetrySample }> => {
    const machine = await readMachine(runtime, config);
    const cpuBusy = busyShare(cpu, machine.cpu);
    ({ cpu } = machine);
    const { memoryAvailable, load1, temperature } = machine;
    const uptime = runtime.time.uptime();
    return { machine, sample: { uptime, ...known({ cpuBusy, memoryAvailable, load1, temperature }) } };
  };

  const whole = async ({ machine, sample }: Awaited<ReturnType<typeof look>>): Promise<Telemetry> => {
    // Not there before the first state is saved.
    total ??= await diskTotal(runtime, config.dataDir).catch(() => undefined);
    const { state, services, failing } = options.health();
    return {
      v: 1,
      bootId: options.bootId,
      health: state,
      services: [...services],
      memoryTotal: machine.memoryTotal,
      restarts: services.reduce((sum, { starts }) => sum + Math.max(0, starts - 1), 0),
      bootTime,
      link: options.link(),
      failing: [...failing],
      ...known({ diskFree: machine.diskFree, diskTotal: total }),
      ...sample,
      // not optional in the protocol of the first agents
      memoryAvailable: sample.memoryAvailable ?? 0,
      load1: sample.load1 ?? 0,
    };
  };

  const sendNow = async (seen: Awaited<ReturnType<typeof look>>): Promise<void> => {
    const gathered = samples;
    samples = [];
    const telemetry = await whole(seen);
    options.send(gathered.length === 0 ? telemetry : { ...telemetry, samples: [...gathered] });
  };

  return {
    take: async () => whole(await look()),
    flush: async () => sendNow(await look()),
    tick: async () => {
      if (runtime.time.uptime() - lookedAt < interval) return;
      lookedAt = runtime.time.uptime();
      const seen = await look();
      if (options.link().metered && samples.length < METERED_LOOKS - 1)
        samples = [...samples, seen.sample].slice(-MAX_TELEMETRY_SAMPLES);
      else await sendNow(seen);
    },
  };
};
