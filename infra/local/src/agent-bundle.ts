import { join } from 'node:path';
import { buildAgent } from '@slipway/device-agent/build-agent';
import { AGENT_RUNTIMES } from '@slipway/protocol';
import type { Layout } from './layout.ts';

/** The agent as images carry it, one file for each runtime: Node strips no types under a real `node_modules`. */
export const bundleAgent = async ({ agentBundlesDir }: Layout): Promise<void> => {
  await Promise.all(
    AGENT_RUNTIMES.map(async (runtime) => buildAgent(runtime, join(agentBundlesDir, `${runtime}.mjs`))),
  );
};
