import { AGENT_BUILD, AGENT_ENTRY } from '@slipway/device-agent/build-options';
import { build } from 'esbuild';
import { ROOT, type Layout } from './layout.ts';

/** The agent as one file, as images carry it: Node strips no types under a real `node_modules`. */
export const bundleAgent = async (layout: Layout): Promise<void> => {
  await build({
    ...AGENT_BUILD,
    absWorkingDir: ROOT,
    entryPoints: [AGENT_ENTRY],
    outfile: layout.agentBundle,
    logLevel: 'silent',
  });
};
