/** What the agent can run on; each has a bundle of its own. */
export const AGENT_RUNTIMES = ['quickjs', 'node'] as const;
export type AgentRuntime = (typeof AGENT_RUNTIMES)[number];

/** Where an image carries the bundle. */
export const AGENT_BUNDLE_PATH = '/usr/lib/slipway/agent.mjs';

/**
 * What runs the bundle, whose path and arguments come behind it.
 *
 * QuickJS would end the process where a promise is rejected before somebody awaits it, as that of any function that
 * throws at once. Without names and lines for stack traces (`-s`) it takes half a megabyte less.
 */
export const AGENT_COMMANDS = {
  quickjs: ['qjs', '-s', '--std', '--no-unhandled-rejection'],
  node: ['node'],
} as const satisfies Record<AgentRuntime, readonly string[]>;
