/** What the agent can run on; each has a bundle of its own. */
export const AGENT_RUNTIMES = ['quickjs', 'node'] as const;
export type AgentRuntime = (typeof AGENT_RUNTIMES)[number];

/** Where an image carries the bundle. */
export const AGENT_BUNDLE_PATH = '/usr/lib/slipway/agent.mjs';

/**
 * For the C library: blocks of a download are given back to the kernel one by one, instead of lying as holes in a heap
 * that keeps its largest size. A third of the memory of an install.
 */
const MALLOC = ['MALLOC_MMAP_THRESHOLD_=65536', 'MALLOC_TRIM_THRESHOLD_=65536', 'MALLOC_TOP_PAD_=16384'];

/**
 * What runs the bundle, whose path and arguments come behind it.
 *
 * QuickJS would end the process where a promise is rejected before somebody awaits it, as that of any function that
 * throws at once. Without names and lines for stack traces (`-s`) it takes half a megabyte less.
 */
export const AGENT_COMMANDS = {
  quickjs: ['env', ...MALLOC, 'qjs', '-s', '--std', '--no-unhandled-rejection'],
  node: ['node'],
} as const satisfies Record<AgentRuntime, readonly [string, ...string[]]>;
