/**
 * The broker's configuration: two listeners with mutual TLS and access rules that let a device touch its own topics
 * only. Made by `infra/local` and by whoever installs mosquitto elsewhere; the same for EMQX.
 */
export {
  type BrokerConfig,
  brokerConfig,
  deviceAccessRules,
  gatewayAccessRules,
  type Listener,
} from '@slipway/protocol/mosquitto';
export { emqxAccessRules, type EmqxConfig, emqxConfig } from './emqx.ts';
