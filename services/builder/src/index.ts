/**
 * The build worker, a process of its own: takes build jobs, which carry ids only, and writes artifacts into the store.
 * It runs no code of a component and holds no keys; the signer believes nothing it declares.
 */
export { parseBuilderConfig, type BuilderConfig } from './config.ts';
export { runBuild, type RunBuild } from './run-build.ts';
export { type RunningBuilder, startBuilder } from './start.ts';
