import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { SimOptions } from './options.ts';
import { openFleet } from './process/fleet.ts';
import type { FromProcess, ToProcess } from './process/messages.ts';
import { nothingSeen, sumOf, type Acknowledged, type Seen } from './seen.ts';

/** A process may have 20,000 files open on the machines that build this. */
export const MAX_DEVICES_PER_PROCESS = 19_000;
const LOOK_MS = 20;

export type FleetSim = {
  /** what the devices have seen, not older than a fifth of a second */
  readonly seen: () => Seen;
  /**
   * Resolves once it is so.
   *
   * @throws where it is not within the time, with what was seen; and where a process of devices ended
   */
  readonly until: (what: string, isSo: (seen: Seen) => boolean, timeoutMs?: number) => Promise<Seen>;
  /** reports that the server has said to have, where `keepReports` was asked for */
  readonly acknowledged: () => Promise<readonly Acknowledged[]>;
  readonly close: () => Promise<void>;
};

type Part = Pick<FleetSim, 'seen' | 'acknowledged' | 'close'> & { readonly failed: Promise<never> };

const inThisProcess = (options: SimOptions): Part => {
  const fleet = openFleet(options);
  return {
    seen: fleet.seen,
    acknowledged: async () => fleet.acknowledged(),
    close: async () => fleet.close(),
    failed: new Promise(() => undefined),
  };
};

const inItsOwn = (options: SimOptions, part: number): Part => {
  const child: ChildProcess = fork(join(import.meta.dirname, 'process', 'main.ts'));
  const ended = once(child, 'exit');
  const failed = ended.then(() => {
    throw new Error('a process of simulated devices ended; its output says why');
  });
  failed.catch(() => undefined);
  const send = (message: ToProcess): void => void child.send(message);
  let seen = nothingSeen();
  let waiting: ((reports: readonly Acknowledged[]) => void)[] = [];
  child.on('message', (message: FromProcess) => {
    if (message.kind === 'seen') ({ seen } = message);
    else {
      waiting.forEach((resolve) => resolve(message.reports));
      waiting = [];
    }
  });
  send({ kind: 'start', options, part });
  return {
    seen: () => seen,
    acknowledged: async () => {
      const reports = new Promise<readonly Acknowledged[]>((resolve) => {
        waiting.push(resolve);
      });
      send({ kind: 'acknowledged' });
      return Promise.race([reports, failed]);
    },
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
    failed,
  };
};

/** Equal parts, each with its share of the connections of a second. */
const split = (options: SimOptions, processes: number): SimOptions[] => {
  const { names, mutualTls } = options;
  const isOf = (part: number) => (_: unknown, at: number) => at % processes === part;
  return Array.from({ length: processes }, (_, part) => ({
    ...options,
    names: names.filter(isOf(part)),
    ...(mutualTls === undefined
      ? {}
      : { mutualTls: { ...mutualTls, identities: mutualTls.identities.filter(isOf(part)) } }),
    connectsPerSecond: options.connectsPerSecond / processes,
  }));
};

/**
 * Simulated devices, in processes of their own.
 *
 * @param processes how many; absent: as many as the devices need; 0: none, they live in this process (for tests)
 */
export const startFleetSim = (input: z.input<typeof SimOptions>, processes?: number): FleetSim => {
  const options = SimOptions.parse(input);
  const devices = options.names.length + (options.mutualTls?.identities.length ?? 0);
  const count = processes ?? Math.max(1, Math.ceil(devices / MAX_DEVICES_PER_PROCESS));
  const parts = count === 0 ? [inThisProcess(options)] : split(options, count).map(inItsOwn);
  const seen = (): Seen => sumOf(parts.map((part) => part.seen()));
  return {
    seen,
    until: async (what, isSo, timeoutMs = 600_000) => {
      const end = performance.now() + timeoutMs;
      for (;;) {
        const now = seen();
        if (isSo(now)) return now;
        if (performance.now() > end) throw new Error(`waited in vain for ${what}: ${JSON.stringify(now)}`);
        await Promise.race([delay(LOOK_MS), ...parts.map(({ failed }) => failed)]);
      }
    },
    acknowledged: async () => (await Promise.all(parts.map((part) => part.acknowledged()))).flat(),
    close: async () => {
      await Promise.all(parts.map((part) => part.close()));
    },
  };
};
