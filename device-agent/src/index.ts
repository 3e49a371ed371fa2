/**
 * The agent on the device: enrols, keeps the device channel, installs releases into the inactive slot, proves them by a
 * trial boot, commits or goes back. `core` decides, everything else carries out. Trusts the image it runs from and what
 * is signed by the release root; believes the broker nothing.
 *
 * Images carry a bundle of it (`build-agent.ts`); nothing imports this but tests and simulators.
 */
export { runAgent } from './agent.ts';
export type { BootControl } from './boot/boot-control.ts';
export type { Esp } from './boot/esp.ts';
export { openBoot } from './boot/open-boot.ts';
export { agentConfig, type AgentConfig } from './config.ts';
export { nodeRuntime } from './runtime/node/index.ts';
export { REBOOT_STATUS } from './runtime/reboot.ts';
export { AGENT_VERSION } from './version.ts';
