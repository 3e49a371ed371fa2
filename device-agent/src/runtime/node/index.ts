import { createHash } from 'node:crypto';
import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostOptions } from '../../main.ts';
import type { Runtime } from '../port.ts';
import { zoneOffset } from '../zone-offset.ts';
import { nodeCrypto } from './crypto.ts';
import { nodeFiles } from './files.ts';
import { nodeNetwork } from './network.ts';
import { nodeProcesses } from './processes.ts';

/** The runtime of the agent on Node. */
export const nodeRuntime = (options: Omit<HostOptions, 'privateDir'>): Runtime => {
  const processes = nodeProcesses(options);
  return {
    files: nodeFiles,
    processes,
    network: nodeNetwork,
    time: {
      now: () => Math.floor(Date.now() / 1000),
      uptime,
      sleep: async (ms, signal) => {
        await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
          if (signal?.aborted !== true) throw error;
        });
      },
      zoneOffset: async (zone, at) => zoneOffset(processes, zone, at),
    },
    random: Math.random,
    digest: async (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    crypto: nodeCrypto(processes.run),
    log: options.log,
  };
};
