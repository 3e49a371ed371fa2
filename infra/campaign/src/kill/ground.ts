import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@slipway/vm';
import { makeServiceIdentity } from '@slipway/signing';
import { makeBuildGround, type BuildGround } from '../builds/ground.ts';
import { serverProcess, type ServerProcess } from '../builds/server-process.ts';
import { makeBroker } from './broker.ts';
import type { Victim } from './victims.ts';

/** A whole Slipway, every service a process of its own, on PostgreSQL. */
export type KillGround = Pick<
  BuildGround,
  'client' | 'storeDir' | 'signingLog' | 'enrolUrl' | 'databaseUrl'
> & {
  /** PEM */
  readonly serverCa: string;
  readonly simulatedUrl: string;
  readonly victims: Readonly<Record<Victim, ServerProcess>>;
  readonly close: () => Promise<void>;
};

/**
 * @param root of the checkout
 * @param folder empty; everything lies in it
 * @throws {SlipwayError} TOOL_MISSING without PostgreSQL
 */
export const makeKillGround = async (root: string, folder: string): Promise<KillGround> => {
  await using undo = new AsyncDisposableStack();
  const builds = await makeBuildGround(root, folder);
  undo.defer(() => builds.close());
  const at = (...names: string[]): string => join(folder, ...names);
  const gateway = await makeServiceIdentity(builds.serverCa, 'gateway');
  await mkdir(at('gateway'), { mode: 0o700 });
  await writeFile(at('gateway', 'gateway.pem'), gateway.certificatePem);
  await writeFile(at('gateway', 'gateway.key'), gateway.keyPem, { mode: 0o600 });
  const ports = { devices: await freePort(), gateway: await freePort(), simulated: await freePort() };
  const broker = await makeBroker(at('broker'), at('logs'), ports, {
    serverCa: at('server-ca.pem'),
    deviceCa: at('device-ca.pem'),
    certificate: at('enrol.pem'),
    key: at('enrol.key'),
  });
  const gatewayOf = (name: string): ServerProcess =>
    serverProcess(
      name,
      join(root, 'services', 'gateway', 'src', 'main.ts'),
      {
        SLIPWAY_GATEWAY_MQTT_URL: `mqtts://127.0.0.1:${ports.gateway}`,
        SLIPWAY_GATEWAY_CLIENT_ID: name,
        SLIPWAY_GATEWAY_CA_FILE: at('server-ca.pem'),
        SLIPWAY_GATEWAY_CERT_FILE: at('gateway', 'gateway.pem'),
        SLIPWAY_GATEWAY_KEY_FILE: at('gateway', 'gateway.key'),
        SLIPWAY_STORE: builds.storeDir,
        REDIS_URL: builds.redisUrl,
        DATABASE_URL: builds.databaseUrl,
      },
      '"msg":"gateway is up"',
      at('logs'),
    );
  const victims = {
    ...builds.victims,
    ...builds.others,
    broker,
    'gateway-a': gatewayOf('gateway-a'),
    'gateway-b': gatewayOf('gateway-b'),
  };
  for (const name of ['broker', 'gateway-a', 'gateway-b'] as const) {
    undo.defer(() => victims[name].kill());
    await victims[name].start();
  }
  const running = undo.move();
  const { client, storeDir, signingLog, enrolUrl, databaseUrl } = builds;
  return {
    client,
    storeDir,
    signingLog,
    enrolUrl,
    databaseUrl,
    serverCa: builds.serverCa.certificatePem,
    simulatedUrl: `mqtt://127.0.0.1:${ports.simulated}`,
    victims,
    close: () => running.disposeAsync(),
  };
};
