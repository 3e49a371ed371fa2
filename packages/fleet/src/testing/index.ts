/** Real servers for integration tests, each on a socket or port of its own and ended with the test. */
export { startTestBroker, type TestBroker } from './broker.ts';
export { openTestDatabase } from './test-database.ts';
export { startTestPostgres } from './postgres.ts';
export { startTestRedis } from './redis-server.ts';
export {
  birthOf,
  makeTriggerDue,
  seedDevice,
  seedDraft,
  seedOnlineDevice,
  seedRelease,
  TEST_CLASS,
} from './seed.ts';
export { until } from './until.ts';
