import { join } from 'node:path';
import type { Relay } from '@slipway/vm';
import { CLOUD_ADDRESS, ENROL_PORT, MQTT_PORT } from './addresses.ts';
import type { Cloud } from './cloud.ts';

const RELAY = join(import.meta.dirname, 'relay.mjs');

/** Leads a guest to the cloud of its own. */
export const relaysTo = (cloud: Pick<Cloud, 'mqttPort' | 'enrolPort'>): Relay[] =>
  [
    { guestPort: MQTT_PORT, hostPort: cloud.mqttPort },
    { guestPort: ENROL_PORT, hostPort: cloud.enrolPort },
  ].map(({ guestPort, hostPort }) => ({
    guestAddress: CLOUD_ADDRESS,
    guestPort,
    command: `${process.execPath} ${RELAY} ${hostPort}`,
  }));
