import { readFile } from 'node:fs/promises';
import { enrolDevices, startFleetSim, type FleetSim } from '@slipway/fleet-sim';
import { ClassName, DeviceId } from '@slipway/protocol';
import type { Instance } from './instance.ts';

type DeviceOptions = {
  readonly deviceClass: string;
  readonly prefix: string;
  readonly count: number;
  readonly sim?: Partial<Parameters<typeof startFleetSim>[0]>;
};

/** Devices that enrol by a claim as real ones do, and connect. */
export const addDevices = async (
  { client, up }: Instance,
  { deviceClass, prefix, count, sim = {} }: DeviceOptions,
): Promise<FleetSim> => {
  if (up.simMqttUrl === undefined) throw new TypeError('the instance has no listener for simulated devices');
  const name = ClassName.parse(deviceClass);
  const claim = await client.claims.create({ deviceClass: name, uses: count, idPattern: `${prefix}{n:3}` });
  const names: DeviceId[] = [];
  await enrolDevices({
    url: up.enrolUrl,
    ca: await readFile(up.serverCaFile, 'utf8'),
    token: claim.token ?? '',
    deviceClass: name,
    arch: 'amd64',
    count,
    onIdentity: ({ deviceId }) => names.push(deviceId),
  });
  const fleet = startFleetSim({ mqttUrl: up.simMqttUrl, names, deviceClass: name, speed: null, ...sim });
  await fleet.until('every device', ({ connected }) => connected === count);
  return fleet;
};
