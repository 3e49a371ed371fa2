/**
 * The broker's configuration: two listeners with mutual TLS and access rules that let a device touch its own topics
 * only. Made by `infra/local` and by whoever installs mosquitto elsewhere; the same for EMQX.
 */
export { deviceAccessRules, gatewayAccessRules } from './access-rules.ts';
export { type BrokerConfig, brokerConfig, type Listener } from './config.ts';
export { emqxAccessRules, type EmqxConfig, emqxConfig } from './emqx.ts';
