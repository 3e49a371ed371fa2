import { createHash, generateKeyPair } from 'node:crypto';
import { uptime } from 'node:os';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../port.ts';
import { nodeFiles } from './files.ts';
import { nodeNetwork } from './network.ts';
import { nodeProcesses, type ProcessOptions } from './processes.ts';

export { REBOOT_STATUS } from './processes.ts';

/** The runtime of the agent on Node. */
export const nodeRuntime = (options: ProcessOptions & { readonly log: (line: string) => void }): Runtime => ({
  files: nodeFiles,
  processes: nodeProcesses(options),
  network: nodeNetwork,
  time: {
    now: () => Math.floor(Date.now() / 1000),
    uptime,
    sleep: async (ms, signal) => {
      await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
      });
    },
  },
  random: Math.random,
  hasher: () => {
    const hash = createHash('sha256');
    return {
      update: (bytes) => {
        hash.update(bytes);
      },
      digest: () => `sha256:${hash.digest('hex')}`,
    };
  },
  newKey: async () => {
    const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
    return privateKey.export({ type: 'pkcs8', format: 'pem' });
  },
  log: options.log,
});
