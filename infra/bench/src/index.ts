/**
 * Measures Slipway, run by `npm run bench`. Makes its own inputs and runs the programs as users do; nothing imports it
 * but the test that writes the schemas of its results.
 */
export { BuildBench } from './build/result.ts';
export { DashboardBench } from './dashboard/result.ts';
export { DeviceBench } from './device/result.ts';
export { ImageBench } from './image/result.ts';
export { AgentBench } from './agent/result.ts';
export { FieldBench } from './field/result.ts';
export { FleetBench } from './fleet/result.ts';
export { QueriesBench } from './queries/result.ts';
export { StopBench } from './stop/result.ts';
