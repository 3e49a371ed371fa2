import { ServiceReport, type HealthGates } from '@slipway/protocol';
import { z } from 'zod';
import type { AgentConfig } from '../config.ts';
import {
  afterProbe,
  CRASH_STARTS,
  isProbeDue,
  seeResources,
  type GateSight,
  type ProbeWatch,
} from '../core/index.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';
import { readMachine } from '../telemetry/machine.ts';
import { seeProbe, type Probe } from './probe.ts';

/** A file of init below `/run/slipway/services`; `since` is uptime in seconds. */
const ServiceFile = z.object({ ...ServiceReport.shape, since: z.number() });
export type ServiceFile = z.infer<typeof ServiceFile>;

export const readServices = async (
  runtime: Pick<Runtime, 'files'>,
  config: Pick<AgentConfig, 'runDir'>,
): Promise<readonly ServiceFile[]> => {
  const directory = `${config.runDir}/services`;
  // Init writes `NAME.new` and renames it.
  const names = (await runtime.files.list(directory)).filter((name) => !name.includes('.')).sort();
  const parsed = await Promise.all(
    names.map(async (name) => {
      const bytes = await runtime.files.read(`${directory}/${name}`);
      return ServiceFile.safeParse(bytes === undefined ? undefined : parseJson(bytes));
    }),
  );
  return parsed.flatMap((result) => (result.success ? [result.data] : []));
};

const seeService = (
  name: string,
  services: readonly ServiceFile[],
  stable: number,
  uptime: number,
): GateSight => {
  const gate = `service:${name}`;
  const service = services.find((known) => known.name === name);
  if (service === undefined) return { gate, ok: false, saw: 'expected it to run, it has not been started' };
  const final = service.starts >= CRASH_STARTS;
  const saw = `expected it to run, it is ${service.state} after ${service.starts} starts`;
  const settled = service.starts === 1 || uptime - service.since >= stable;
  return { gate, ok: service.state === 'running' && settled && !final, saw, final };
};

/** Looks at every gate but the broker; remembers how probes went. */
export type Observer = (services: readonly ServiceFile[]) => Promise<readonly GateSight[]>;

export const gateObserver = (runtime: Runtime, config: AgentConfig, gates: HealthGates): Observer => {
  // By place in the list: names need not differ.
  const watches = new Map<number, ProbeWatch>();

  const look = async (wanted: Probe, at: number): Promise<GateSight> => {
    const watch = watches.get(at);
    if (watch !== undefined && !isProbeDue(watch, wanted.interval, runtime.time.uptime())) return watch.sight;
    const sight = await seeProbe(runtime, wanted);
    const next = afterProbe(watch, wanted.retries ?? 0, sight, runtime.time.uptime());
    watches.set(at, next);
    return next.sight;
  };

  return async (services) => {
    const uptime = runtime.time.uptime();
    const { resources } = gates;
    return [
      ...gates.services.map((name) => seeService(name, services, gates.stable, uptime)),
      ...(await Promise.all(gates.probes.map(look))),
      ...(resources === undefined ? [] : seeResources(resources, await readMachine(runtime, config))),
    ];
  };
};
