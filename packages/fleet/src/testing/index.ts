/** Real servers for integration tests, each on a socket or port of its own and ended with the test. */
export { startTestBroker, type TestBroker } from './broker.ts';
export { openTestDatabase } from './test-database.ts';
export { startTestRedis } from './redis-server.ts';
export { until } from './until.ts';
