import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWithDisk, createClaim, recordAudit, type Database, type FleetEvents } from '@slipway/fleet';
import {
  DeviceId,
  messageOf,
  SlipwayError,
  VirtualDeviceFile,
  type Build,
  type DeviceClass,
  type VirtualDevice,
  type VirtualDeviceCreate,
} from '@slipway/protocol';
import {
  freePort,
  makeVirtualDevice,
  readVirtualDevice,
  requireQemu,
  startVirtualDevice,
  virtualDeviceFiles,
  type Vm,
} from '@slipway/vm';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';

/**
 * Devices in QEMU that this server starts, for a first look at how devices are updated. They are what lies in a folder of
 * this machine, not rows of the database, so only an instance on one machine has them; the fleet knows them like any others.
 */
export type VirtualDevices = {
  /** how many there may be */
  readonly max: number;
  readonly list: () => VirtualDevice[];
  /** @throws {SlipwayError} NOT_FOUND */
  readonly get: (id: DeviceId) => VirtualDevice;
  /**
   * Makes one and switches it on; its disk is made after the answer.
   *
   * @throws {SlipwayError} CONFLICT, NOT_FOUND, TOOL_MISSING, STORE_FULL
   */
  readonly create: (
    asked: VirtualDeviceCreate,
    deviceClass: DeviceClass,
    actor: string,
  ) => Promise<VirtualDevice>;
  /** @throws {SlipwayError} NOT_FOUND, CONFLICT, TOOL_MISSING */
  readonly start: (id: DeviceId, actor: string) => Promise<VirtualDevice>;
  /** as if the plug were pulled: that is what devices are made for */
  readonly stop: (id: DeviceId, actor: string) => Promise<VirtualDevice>;
  /** its disk is gone for good; in the fleet it stays as a device that is not connected */
  readonly remove: (id: DeviceId, actor: string) => Promise<void>;
  readonly consoleLog: (id: DeviceId) => string;
  readonly close: () => Promise<void>;
};

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly store: ArtifactStore;
  /** of ours alone */
  readonly folder: string;
  readonly max: number;
};

type Known = Pick<VirtualDevice, 'state' | 'message' | 'startedAt' | 'httpPort'> & {
  readonly facts: VirtualDeviceFile;
  readonly vm?: Vm;
};

const CLAIM_SECONDS = 3600;

export const openVirtualDevices = async (needs: Needs): Promise<VirtualDevices> => {
  const { db, events, logger, store, folder, max } = needs;
  const at = (id: DeviceId): string => join(folder, id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await readAll(folder, logger);
  const work = new Set<Promise<void>>();

  const found = (id: DeviceId): Known => {
    const device = known.get(id);
    if (device !== undefined) return device;
    throw new SlipwayError(
      'NOT_FOUND',
      `This server has no virtual device ${id}. It has: ${[...known.keys()].join(', ') || 'none'}.`,
    );
  };
  const set = (id: DeviceId, change: Partial<Known>): VirtualDevice => {
    const device = { ...found(id), ...change };
    known.set(id, device);
    const virtualDevice = toVirtualDevice(device);
    events.publish({ kind: 'virtual-device', virtualDevice });
    return virtualDevice;
  };
  const fail = (id: DeviceId, error: unknown): void => {
    logger.error({ device: id, err: error }, 'virtual device failed');
    if (known.has(id)) set(id, { state: 'failed', message: messageOf(error) });
  };

  const powerOn = async (id: DeviceId): Promise<void> => {
    const { facts } = found(id);
    if ((await readVirtualDevice(at(id))) === undefined)
      throw new SlipwayError(
        'CONFLICT',
        `The disk of ${id} was never finished. Remove it, and make another one.`,
      );
    const httpPort = await freePort();
    const vm = await startVirtualDevice(at(id), {
      arch: facts.arch,
      forwards: [{ hostPort: httpPort, guestPort: 80 }],
    });
    // It may have been removed, or switched off, meanwhile.
    if (known.get(id)?.state !== 'preparing') {
      await vm.kill();
      return;
    }
    set(id, { state: 'running', message: null, startedAt: new Date().toISOString(), httpPort, vm });
    void vm.exited.then(({ code, signal }) => {
      // Of a later start, or switched off by us.
      if (known.get(id)?.vm !== vm) return;
      const { vm: _ended, ...rest } = found(id);
      known.set(id, rest);
      if (code === 0) set(id, { state: 'off', httpPort: null });
      else
        set(id, {
          state: 'failed',
          message: `QEMU ended with ${code ?? signal}. Read its console.`,
          httpPort: null,
        });
    });
  };
  const inBackground = (id: DeviceId, job: () => Promise<void>): void => {
    const running = job()
      .catch((error: unknown) => fail(id, error))
      .finally(() => work.delete(running));
    work.add(running);
  };
  const powerOff = async (id: DeviceId): Promise<void> => {
    const { vm, ...rest } = found(id);
    known.set(id, { ...rest, state: 'off', httpPort: null });
    await vm?.kill();
  };
  const audit = (actor: string, action: string, id: DeviceId): Promise<void> =>
    recordAudit(db, { actor, action: `virtual-device.${action}`, subject: id });

  return {
    max,
    list: () => [...known.values()].map(toVirtualDevice),
    get: (id) => toVirtualDevice(found(id)),
    create: async (asked, { name, arch }, actor) => {
      if (known.size >= max)
        throw new SlipwayError(
          'CONFLICT',
          `There are ${known.size} virtual devices, as many as this machine is meant to run. Remove one (${[...known.keys()].join(', ')}), or start others elsewhere by slipway virtual-device.`,
        );
      const build = await buildWithDisk(db, name, asked.build);
      const image = await diskOf(store, build);
      await Promise.all([requireQemu(arch), store.requireRoom()]);
      const { id, token } = await db.transaction(async (tx) => {
        const note = 'virtual device of the server';
        const ask = { deviceClass: name, arch, ttl: CLAIM_SECONDS, note };
        const claim = await createClaim(
          tx,
          asked.id === undefined ? ask : { ...ask, deviceId: asked.id },
          new Date(),
          actor,
        );
        const device = DeviceId.parse(claim.deviceId);
        if (known.has(device))
          throw new SlipwayError(
            'CONFLICT',
            `There is a virtual device ${device} already. Choose another id.`,
          );
        const details = { deviceClass: name, build: build.id };
        await recordAudit(tx, { actor, action: 'virtual-device.create', subject: device, details });
        return { id: device, token: claim.token ?? '' };
      });
      const facts = VirtualDeviceFile.parse({
        v: 1,
        id,
        deviceClass: name,
        arch,
        build: build.id,
        release: build.release,
        version: build.version,
        createdAt: new Date().toISOString(),
      });
      known.set(id, { facts, state: 'preparing', message: null, startedAt: null, httpPort: null });
      inBackground(id, async () => {
        await makeVirtualDevice(at(id), image, token, facts);
        await powerOn(id);
      });
      return set(id, {});
    },
    start: async (id, actor) => {
      const { state, facts } = found(id);
      if (state === 'running' || state === 'preparing') return toVirtualDevice(found(id));
      await requireQemu(facts.arch);
      await audit(actor, 'start', id);
      const device = set(id, { state: 'preparing', message: null });
      inBackground(id, () => powerOn(id));
      return device;
    },
    stop: async (id, actor) => {
      found(id);
      await audit(actor, 'stop', id);
      await powerOff(id);
      return set(id, { state: 'off', message: null });
    },
    remove: async (id, actor) => {
      found(id);
      await audit(actor, 'delete', id);
      await powerOff(id);
      const virtualDevice = toVirtualDevice(found(id));
      known.delete(id);
      await Promise.allSettled(work);
      await rm(at(id), { recursive: true, force: true });
      events.publish({ kind: 'virtual-device', virtualDevice, deleted: true });
    },
    consoleLog: (id) => {
      found(id);
      return virtualDeviceFiles(at(id)).consoleLog;
    },
    close: async () => {
      for (const id of known.keys()) await powerOff(id);
      await Promise.allSettled(work);
    },
  };
};

const toVirtualDevice = ({
  facts: { v: _version, ...facts },
  state,
  message,
  startedAt,
  httpPort,
}: Known): VirtualDevice => ({ ...facts, state, message, startedAt, httpPort });

/** Those of an earlier start of the server are off; one that was never finished is removed. */
const readAll = async (folder: string, logger: Logger): Promise<Map<DeviceId, Known>> => {
  const known = new Map<DeviceId, Known>();
  for (const name of (await readdir(folder)).sort()) {
    const place = join(folder, name);
    try {
      const facts = await readVirtualDevice(place);
      if (facts === undefined) await rm(place, { recursive: true, force: true });
      else known.set(facts.id, { facts, state: 'off', message: null, startedAt: null, httpPort: null });
    } catch (error) {
      logger.warn({ err: error, folder: place }, 'virtual device is left out');
    }
  }
  return known;
};

/** Signed for Secure Boot where the class has it. @throws {SlipwayError} NOT_FOUND */
const diskOf = async (store: ArtifactStore, build: Build): Promise<string> => {
  const signed = store.signedDiskPath(build.release, 'disk.img');
  const plain = store.artifactPath(build.id, 'disk.img');
  for (const path of [signed, plain]) {
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined) return path;
  }
  throw new SlipwayError(
    'NOT_FOUND',
    `The disk image of build ${build.id} is no longer in the artifact store. Build ${build.deviceClass} again.`,
  );
};
