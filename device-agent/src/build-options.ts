import { fileURLToPath } from 'node:url';

/**
 * How the agent becomes the one file that an image carries: options of esbuild, `entryPoints` being `AGENT_ENTRY`. mqtt and
 * its dependencies are CommonJS and need `require`; they run on Node's own streams as well as on their copy of them.
 */
export const AGENT_BUILD = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  alias: { 'readable-stream': 'node:stream' },
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
} as const;

export const AGENT_ENTRY = fileURLToPath(new URL('main.ts', import.meta.url));
