import { countDevices, type Database } from '@slipway/fleet';
import { TEST_CLASS } from '@slipway/fleet/testing';
import { simNames, startFleetSim, type FleetSim, type Seen } from '@slipway/fleet-sim';
import { ClassName, type DeviceId } from '@slipway/protocol';
import { makeLeaf, validFor } from '@slipway/signing';
import { setTimeout as delay } from 'node:timers/promises';
import type { Servers } from './servers.ts';

/** Of those that take no release. */
const OTHER_CLASS = ClassName.parse('edge-other');
const PATIENCE_MS = 600_000;
/**
 * Devices answer at once, but no real one has a release sooner. Without it they are done before others are told, and the time
 * until all are told is that of whole updates.
 */
const DOWNLOAD_S = 10;

/** Enrolled, as far as gateways ask. */
export const seedDevices = async (
  db: Database,
  names: readonly DeviceId[],
  deviceClass: ClassName = TEST_CLASS,
): Promise<void> => {
  const list = JSON.stringify(names).replaceAll("'", "''");
  await db.execute(`insert into devices (tenant, id, device_class, arch)
    select 'default', name, '${deviceClass}', 'amd64' from json_array_elements_text('${list}'::json) name`);
};

/** @throws where it is not so in ten minutes */
export const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await delay(50);
  }
};

const online = async (db: Database): Promise<number> => (await countDevices(db, '', new Date())).online;

/** Devices, in as many processes as there were steps on the way to all of them. */
export const createFleet = (servers: Servers, db: Database) => {
  const sims: FleetSim[] = [];
  let count = 0;
  const common = {
    mqttUrl: servers.brokerUrl,
    speed: null,
    download: 'none',
    downloadSeconds: DOWNLOAD_S,
  } as const;

  const start = async (options: Parameters<typeof startFleetSim>[0], devices: number): Promise<FleetSim> => {
    const sim = startFleetSim(options);
    sims.push(sim);
    count += devices;
    await sim.until('every device', ({ connected }) => connected === devices, PATIENCE_MS);
    await until('every device to be known as online', async () => (await online(db)) === count);
    return sim;
  };

  return {
    sims: (): readonly FleetSim[] => sims,
    count: () => count,
    /** that will take a release; their clock is that of the machine, and nothing in them takes time */
    add: async (devices: number): Promise<FleetSim> => {
      const names = simNames('sim-', devices, count);
      await seedDevices(db, names);
      return start({ ...common, names, deviceClass: TEST_CLASS, seed: count + 1 }, devices);
    },
    /** that are there, of them so many with a certificate */
    addOthers: async (devices: number, certificates: number): Promise<FleetSim> => {
      const names = simNames('oth-', devices);
      await seedDevices(db, names, OTHER_CLASS);
      const identities = [];
      for (const deviceId of names.slice(0, certificates)) {
        const subject = { commonName: deviceId, usage: 'clientAuth', validity: validFor(30) } as const;
        const { keyPem, certificatePem } = await makeLeaf(subject, 'p-256', servers.deviceCa);
        identities.push({ deviceId, key: keyPem, certificate: certificatePem });
      }
      const mutualTls = { ...servers.mutualTls, identities };
      const plain = names.slice(certificates);
      return start(
        { ...common, names: plain, mutualTls, deviceClass: OTHER_CLASS, seed: count + 1 },
        devices,
      );
    },
    /** of which a release fails on some */
    addFailing: async (devices: number, rollBack: number, deviceClass: ClassName): Promise<FleetSim> => {
      const names = simNames('bad-', devices);
      await seedDevices(db, names, deviceClass);
      return start({ ...common, names, deviceClass, seed: 7, faults: { rollBack } }, devices);
    },
    seen: (): readonly Seen[] => sims.map((sim) => sim.seen()),
    connected: (): number => sims.reduce((sum, sim) => sum + sim.seen().connected, 0),
    /** connections so far */
    connects: (): number => sims.reduce((sum, sim) => sum + sim.seen().connects, 0),
    close: async (): Promise<void> => {
      await Promise.all(sims.map((sim) => sim.close()));
    },
  };
};
export type Fleet = ReturnType<typeof createFleet>;
