import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { brokerConfig, deviceAccessRules, gatewayAccessRules } from '@slipway/mosquitto';
import { TenantId } from '@slipway/protocol';
import type { Layout } from './layout.ts';
import type { Ports } from './ports.ts';
import { type Supervised, supervise } from './supervise.ts';

const HOST = '127.0.0.1';

/**
 * mosquitto with our certificates and rules, on loopback.
 *
 * @param simListener port of a listener for simulated devices; absent: there is none
 */
export const startBroker = async (
  layout: Layout,
  ports: Ports,
  say: (line: string) => void,
  simListener?: number,
): Promise<Supervised> => {
  const file = (name: string) => join(layout.brokerDir, name);
  const files = {
    'device.acl': deviceAccessRules(TenantId.parse('default')),
    'gateway.acl': gatewayAccessRules(TenantId.parse('default'), 'gateway'),
    ...(simListener === undefined
      ? {}
      : { 'simulated.acl': deviceAccessRules(TenantId.parse('default'), '%c') }),
    'mosquitto.conf': brokerConfig({
      devices: {
        host: HOST,
        port: ports.mqtt,
        clientCaFile: layout.deviceCaCert,
        accessFile: file('device.acl'),
        revocationFile: layout.revocationFile,
      },
      gateway: {
        host: HOST,
        port: ports.mqttGateway,
        clientCaFile: layout.serverCaCert,
        accessFile: file('gateway.acl'),
      },
      ...(simListener === undefined
        ? {}
        : { simulated: { host: HOST, port: simListener, accessFile: file('simulated.acl') } }),
      certFile: layout.serverCert,
      keyFile: layout.serverKey,
      persistenceDir: layout.brokerDir,
      user: userInfo().username,
    }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(file(name), text, { mode: 0o600 });
  return supervise(
    {
      name: 'mosquitto',
      command: ['setpriv', '--pdeathsig', 'TERM', '--', 'mosquitto', '-c', file('mosquitto.conf')],
      logFile: join(layout.logsDir, 'mosquitto.log'),
      ready: /mosquitto version \S+ running/,
    },
    say,
  );
};
