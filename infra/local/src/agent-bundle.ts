import { build } from 'esbuild';
import { ROOT, type Layout } from './layout.ts';

/** Packages CommonJS inside an ES module; those modules still ask for `require`. */
const REQUIRE =
  "import { createRequire as slipwayRequire } from 'node:module'; const require = slipwayRequire(import.meta.url);";

/** The agent as one file, as images carry it: Node strips no types under a real `node_modules`. */
export const bundleAgent = async (layout: Layout): Promise<void> => {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['device-agent/src/main.ts'],
    outfile: layout.agentBundle,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'silent',
  });
};
