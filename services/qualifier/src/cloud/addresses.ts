/**
 * Where a guest finds the cloud, the same in every recording and every boot. QEMU leads it to the ports that the cloud
 * of this one machine has on the host, so that any number of machines run side by side.
 */
export const CLOUD_ADDRESS = '10.0.2.100';
export const MQTT_PORT = 8883;
export const ENROL_PORT = 443;

export const GUEST_MQTT_URL = `mqtts://${CLOUD_ADDRESS}:${MQTT_PORT}`;
export const GUEST_ENROL_URL = `https://${CLOUD_ADDRESS}:${ENROL_PORT}/v1/enrol`;
