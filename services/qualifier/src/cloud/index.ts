/**
 * The server side of the device channel for one virtual device on this machine: broker, enrolment, blocks and
 * acknowledgements, without a database. Qualifications and the campaigns play with it.
 */
export { CLOUD_ADDRESS, ENROL_PORT, GUEST_ENROL_URL, GUEST_MQTT_URL, MQTT_PORT } from './addresses.ts';
export { startBroker, type Broker, type CloudAuthorities } from './broker.ts';
export {
  executionOf,
  startCloud,
  type Cloud,
  type CloudOptions,
  type OfferedRelease,
  type Wait,
  type Wish,
} from './cloud.ts';
export { relaysTo } from './relays.ts';
