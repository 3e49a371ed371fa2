import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError, type TenantId } from '@slipway/protocol';
import { brokerConfig, deviceAccessRules, gatewayAccessRules } from '@slipway/protocol/mosquitto';
import type { Identity } from '@slipway/signing';
import { endWithUs } from '@slipway/vm';

/** Whom the two sides of a cloud trust, and what they show. */
export type CloudAuthorities = {
  /** PEM: of the server authority that devices trust */
  readonly serverCaPem: string;
  /** of that authority, for the broker and the enrolment service at `CLOUD_ADDRESS` */
  readonly server: Identity;
  /** signs devices */
  readonly devices: Identity;
  /** signs what speaks to the broker as the gateway does */
  readonly services: Pick<Identity, 'certificatePem'>;
  readonly gateway: Identity;
};

export type Broker = {
  readonly devicePort: number;
  readonly gatewayPort: number;
  readonly stop: () => Promise<void>;
};

const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((done) => {
        server.listen(0, '127.0.0.1', done);
      });
      const { port } = server.address() as AddressInfo; // oxlint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP
      return port;
    }),
  );
  await Promise.all(
    servers.map(
      async (server) =>
        new Promise((done) => {
          server.close(done);
        }),
    ),
  );
  return ports;
};

const isOpen = async (port: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => {
    resolve(true);
    socket.destroy();
  });
  socket.on('error', () => {
    resolve(false);
  });
  return promise;
};

const LOOK_MS = 20;

/** mosquitto as a deployment runs it, with nothing remembered from before. */
export const startBroker = async (
  folder: string,
  authorities: CloudAuthorities,
  tenant: TenantId,
): Promise<Broker> => {
  await mkdir(join(folder, 'kept'), { recursive: true });
  const put = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const [devicePort = 0, gatewayPort = 0] = await freePorts(2);
  const host = '127.0.0.1';
  const config = brokerConfig({
    devices: {
      host,
      port: devicePort,
      clientCaFile: await put('devices.pem', authorities.devices.certificatePem),
      accessFile: await put('device-rules', deviceAccessRules(tenant)),
    },
    gateway: {
      host,
      port: gatewayPort,
      clientCaFile: await put('services.pem', authorities.services.certificatePem),
      accessFile: await put('gateway-rules', gatewayAccessRules(tenant, 'gateway')),
    },
    certFile: await put('server.pem', authorities.server.certificatePem),
    keyFile: await put('server.key', authorities.server.keyPem),
    persistenceDir: join(folder, 'kept'),
    user: userInfo().username,
  });
  const call = endWithUs({ program: 'mosquitto', args: ['-c', await put('mosquitto.conf', config)] });
  const child = spawn(call.program, call.args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-4096);
  });
  const ended = new Promise((done) => child.once('close', done));
  child.on('error', (error) => {
    said += error.message;
  });
  const failed = (): boolean => child.exitCode !== null || child.pid === undefined;
  while (!failed() && !((await isOpen(devicePort)) && (await isOpen(gatewayPort)))) await delay(LOOK_MS);
  if (failed())
    throw new SlipwayError(
      'TOOL_FAILED',
      `mosquitto did not start: ${said.trim()}; install the Debian package mosquitto if it is missing`,
    );
  return {
    devicePort,
    gatewayPort,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
