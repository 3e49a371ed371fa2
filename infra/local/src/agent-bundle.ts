import { buildAgent } from '@slipway/device-agent/build-agent';
import type { Layout } from './layout.ts';

/** The agent as one file, as images carry it: Node strips no types under a real `node_modules`. */
export const bundleAgent = async (layout: Layout): Promise<void> => {
  await buildAgent('node', layout.agentBundle);
};
