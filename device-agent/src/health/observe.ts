import { messageOf, ServiceReport, type HealthGates } from '@slipway/protocol';
import { z } from 'zod';
import type { AgentConfig } from '../config.ts';
import { CRASH_STARTS, type GateSight } from '../core/index.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';

/** A file of init below `/run/slipway/services`; `since` is uptime in seconds. */
const ServiceFile = z.object({ ...ServiceReport.shape, since: z.number() });
export type ServiceFile = z.infer<typeof ServiceFile>;

const PROBE_TIMEOUT_MS = 10_000;
const MAX_PROBE_BYTES = 1024 * 1024;

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

type Probe = HealthGates['probes'][number];

/** @returns what is wrong; undefined where nothing is */
const probe = async (runtime: Runtime, wanted: Probe): Promise<string | undefined> => {
  switch (wanted.type) {
    case 'http': {
      const { status, body } = await runtime.network.request('GET', wanted.url, {
        timeoutMs: PROBE_TIMEOUT_MS,
        maxBytes: MAX_PROBE_BYTES,
      });
      if (status !== wanted.status)
        return `GET ${wanted.url}: expected status ${wanted.status}, found ${status}`;
      if (wanted.contains === undefined || body.includes(wanted.contains)) return undefined;
      return `GET ${wanted.url}: expected ${JSON.stringify(wanted.contains)} in the answer, found ${JSON.stringify(body.slice(0, 80))}`;
    }
    case 'tcp':
      await runtime.network.probeTcp(wanted.host, wanted.port, PROBE_TIMEOUT_MS);
      return undefined;
    case 'exec': {
      const { status, stderr, stdout } = await runtime.processes.run(wanted.command, {
        timeoutMs: PROBE_TIMEOUT_MS,
      });
      if (status === 0) return undefined;
      return `${wanted.command.join(' ')}: expected status 0, found ${status}: ${(stderr || stdout).trim().slice(-200)}`;
    }
    default:
      return wanted satisfies never;
  }
};

const seeProbe = async (runtime: Runtime, wanted: Probe): Promise<GateSight> => {
  const gate = `probe:${wanted.name}`;
  try {
    const wrong = await probe(runtime, wanted);
    return { gate, ok: wrong === undefined, saw: wrong ?? 'well' };
  } catch (error) {
    return { gate, ok: false, saw: `${wanted.type}: ${messageOf(error)}` };
  }
};

/** One look at every gate but the broker. */
export const observeGates = async (
  runtime: Runtime,
  gates: HealthGates,
  services: readonly ServiceFile[],
): Promise<readonly GateSight[]> => {
  const uptime = runtime.time.uptime();
  return [
    ...gates.services.map((name) => seeService(name, services, gates.stable, uptime)),
    ...(await Promise.all(gates.probes.map(async (wanted) => seeProbe(runtime, wanted)))),
  ];
};
