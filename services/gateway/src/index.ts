/**
 * The server's end of the device channel: takes births, deaths, reports and requests for blocks, moves rollouts, and
 * says what is asked of each device. Started by `main.ts`, or in one process with the API where the database is embedded.
 * Trusts the broker for the device id in a topic, and no payload.
 */
export { parseGatewayConfig, type GatewayConfig } from './config.ts';
export { startGateway, type StartGateway } from './start.ts';
