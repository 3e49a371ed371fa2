/**
 * The agent on the device: enrols, keeps the device channel, installs releases into the inactive slot, proves them by a
 * trial boot, commits or goes back. `core` decides, everything else carries out. Trusts the image it runs from and what
 * is signed by the release root; believes the broker nothing.
 *
 * Images bundle `main.ts`; nothing imports this but tests and simulators.
 */
export { runAgent } from './agent.ts';
export { agentConfig, type AgentConfig } from './config.ts';
export { nodeRuntime, REBOOT_STATUS } from './runtime/node/index.ts';
export { AGENT_VERSION } from './version.ts';
