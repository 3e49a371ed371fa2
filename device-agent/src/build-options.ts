import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AgentRuntime } from '@slipway/protocol';
import type { BuildOptions, Plugin } from 'esbuild';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const standIn = (name: string): string => path(`runtime/quickjs/stand-in/${name}`);

/**
 * Leaves out what is not used of zod, which is two thirds of it and all its languages: of a namespace that is imported as
 * one name esbuild takes everything, of the module itself only what is named.
 */
const zodInParts: Plugin = {
  name: 'zod-in-parts',
  setup: (build) => {
    build.onLoad({ filter: /\/src\/.*\.ts$/, namespace: 'file' }, async (file) => ({
      loader: 'ts',
      contents: (await readFile(file.path, 'utf8')).replace(
        /^import \{ z \} from 'zod';$/m,
        "import * as z from 'zod';",
      ),
    }));
  },
};

const COMMON = {
  bundle: true,
  format: 'esm',
  minify: true,
  legalComments: 'none',
  logLevel: 'silent',
  plugins: [zodInParts],
} satisfies BuildOptions;

/** How the agent becomes one file: options of esbuild, all but `outfile`. */
export const AGENT_BUILDS = {
  /** Packages that count on Node get what `stand-in` has of it. QuickJS knows ES2023. */
  quickjs: {
    ...COMMON,
    entryPoints: [path('runtime/quickjs/main.ts')],
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    alias: {
      bl: standIn('bl.cjs'),
      buffer: standIn('buffer.ts'),
      debug: standIn('debug.cjs'),
      events: standIn('events.ts'),
      'process-nextick-args': standIn('process-nextick-args.ts'),
      zod: standIn('zod.ts'),
    },
  },
  /** mqtt and its dependencies are CommonJS and need `require`; they run on Node's own streams as well as on their copy. */
  node: {
    ...COMMON,
    entryPoints: [path('runtime/node/main.ts')],
    platform: 'node',
    target: 'node24',
    alias: { 'readable-stream': 'node:stream' },
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  },
} satisfies Record<AgentRuntime, BuildOptions>;
