/**
 * Devices by the thousand: the agent's own core and messages over bare MQTT, on machines that are simulated. Benches and
 * campaigns start them, and `npm run fleet-sim`; it trusts the broker it is given.
 */
export { outcomeOf } from './device/fate.ts';
export { enrolDevices, type EnrolOptions } from './enrol.ts';
export { quantilesOf, type Quantiles } from './histogram.ts';
export { SimIdentity, simNames, SimOptions } from './options.ts';
export { randomOf } from './random.ts';
export { type Acknowledged, type Seen } from './seen.ts';
export { MAX_DEVICES_PER_PROCESS, startFleetSim, type FleetSim } from './start.ts';
