import { messageOf, type HealthGates } from '@slipway/protocol';
import type { GateSight } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';

export type Probe = HealthGates['probes'][number];

const PROBE_TIMEOUT_S = 10;
/** What a probe gets beyond its time to end by itself, before it is left alone. */
const GRACE_MS = 1_000;
const MAX_PROBE_BYTES = 1024 * 1024;

export const timeoutOf = (wanted: Probe): number => wanted.timeout ?? PROBE_TIMEOUT_S;

/** @returns what is wrong; undefined where nothing is */
const runProbe = async (runtime: Runtime, wanted: Probe): Promise<string | undefined> => {
  const timeoutMs = timeoutOf(wanted) * 1000;
  switch (wanted.type) {
    case 'http': {
      const { status, body } = await runtime.network.request('GET', wanted.url, {
        timeoutMs,
        maxBytes: MAX_PROBE_BYTES,
      });
      if (status !== wanted.status)
        return `GET ${wanted.url}: expected status ${wanted.status}, found ${status}`;
      if (wanted.contains === undefined || body.includes(wanted.contains)) return undefined;
      return `GET ${wanted.url}: expected ${JSON.stringify(wanted.contains)} in the answer, found ${JSON.stringify(body.slice(0, 80))}`;
    }
    case 'tcp':
      await runtime.network.probeTcp(wanted.host, wanted.port, timeoutMs);
      return undefined;
    case 'exec': {
      const { status, stderr, stdout } = await runtime.processes.run(wanted.command, { timeoutMs });
      if (status === 0) return undefined;
      return `${wanted.command.join(' ')}: expected status 0, found ${status}: ${(stderr || stdout).trim().slice(-200)}`;
    }
    default:
      return wanted satisfies never;
  }
};

/**
 * Runs a probe once. It ends in any case: a program may leave children behind that hold its output open, and the loop
 * that feeds the watchdog must go on.
 */
export const seeProbe = async (runtime: Runtime, wanted: Probe): Promise<GateSight> => {
  const gate = `probe:${wanted.name}`;
  const controller = new AbortController();
  const late = async (): Promise<string> => {
    await runtime.time.sleep(timeoutOf(wanted) * 1000 + GRACE_MS, controller.signal);
    return `${wanted.type}: expected an end within ${timeoutOf(wanted)} s, there is none`;
  };
  try {
    const wrong = await Promise.race([runProbe(runtime, wanted), late()]);
    return { gate, ok: wrong === undefined, saw: wrong ?? 'well' };
  } catch (error) {
    return { gate, ok: false, saw: `${wanted.type}: ${messageOf(error)}` };
  } finally {
    controller.abort();
  }
};
