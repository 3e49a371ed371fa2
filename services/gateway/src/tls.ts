import { readFile } from 'node:fs/promises';
import type { GatewayConfig } from './config.ts';

/** Whom to trust, and who we are, as MQTT.js takes it; nothing for a broker without TLS. */
export const tlsOf = async ({ tls }: GatewayConfig) =>
  tls === undefined
    ? {}
    : {
        ca: await readFile(tls.caFile),
        cert: await readFile(tls.certFile),
        key: await readFile(tls.keyFile),
        rejectUnauthorized: true,
      };
