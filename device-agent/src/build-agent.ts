import type { AgentRuntime } from '@slipway/protocol';
import { build } from 'esbuild';
import { AGENT_BUILDS } from './build-options.ts';

/** Writes the agent as the one file that an image carries as `/usr/lib/slipway/agent.mjs`. */
export const buildAgent = async (runtime: AgentRuntime, outfile: string): Promise<void> => {
  await build({ ...AGENT_BUILDS[runtime], outfile });
};
