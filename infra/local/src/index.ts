/**
 * Everything on one machine: Redis, broker, database, API, gateway, builder and signer, started, watched and stopped as
 * one. Used by `npm run up`, the demo and the system tests.
 */
export { startLocal, type Local, type StartLocal } from './start.ts';
export { readUp, Up } from './up-file.ts';
export type { Ports } from './ports.ts';
