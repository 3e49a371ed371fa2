/**
 * The broker's configuration as mosquitto reads it: two listeners with mutual TLS and access rules that let a device touch
 * its own topics only. For whoever starts a mosquitto; nothing that devices use.
 */
export { deviceAccessRules, gatewayAccessRules } from './access-rules.ts';
export { type BrokerConfig, brokerConfig, type Listener } from './config.ts';
