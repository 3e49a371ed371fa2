import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { brokerConfig, deviceAccessRules, gatewayAccessRules } from '@slipway/mosquitto';
import { DEFAULT_TENANT } from '@slipway/protocol';
import { commandProcess, type ServerProcess } from '../builds/server-process.ts';

export type BrokerPorts = { readonly devices: number; readonly gateway: number; readonly simulated: number };

/** PEM files */
export type BrokerFiles = {
  readonly serverCa: string;
  readonly deviceCa: string;
  readonly certificate: string;
  readonly key: string;
};

const HOST = '127.0.0.1';

/** mosquitto as a deployment runs it, and besides a listener for simulated devices. What it kept is there after a kill. */
export const makeBroker = async (
  folder: string,
  logsDir: string,
  ports: BrokerPorts,
  files: BrokerFiles,
): Promise<ServerProcess> => {
  await mkdir(folder);
  const put = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const config = brokerConfig({
    devices: {
      host: HOST,
      port: ports.devices,
      clientCaFile: files.deviceCa,
      accessFile: await put('device.acl', deviceAccessRules(DEFAULT_TENANT)),
    },
    gateway: {
      host: HOST,
      port: ports.gateway,
      clientCaFile: files.serverCa,
      accessFile: await put('gateway.acl', gatewayAccessRules(DEFAULT_TENANT, 'gateway')),
    },
    simulated: {
      host: HOST,
      port: ports.simulated,
      accessFile: await put('simulated.acl', deviceAccessRules(DEFAULT_TENANT, '%c')),
    },
    certFile: files.certificate,
    keyFile: files.key,
    persistenceDir: folder,
    user: userInfo().username,
  });
  return commandProcess(
    'broker',
    ['mosquitto', '-c', await put('mosquitto.conf', config)],
    {},
    ' running',
    logsDir,
  );
};
