import {
  acceptDevices,
  changeDeviceClass,
  decommissionDevice,
  importRegistrations,
  listRegistrations,
  rejectDevice,
  removeRegistration,
  revokeDevice,
  runningRolloutsOn,
} from '@slipway/fleet';
import {
  ClassChange,
  Device,
  DeviceId,
  DeviceList,
  Registration,
  RegistrationImport,
  type Arch,
  type ClassName,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: DeviceId });
const MAX_IMPORT_BYTES = 8 * 1024 * 1024;

/** How devices come into the fleet and leave it. */
export const enrolmentRoutes = (
  app: App,
  { db, events, images, revocations, wakePlanner }: Context,
): void => {
  const tell = (device: Device): Device => {
    events.publish({ kind: 'device', device });
    return device;
  };
  /** It is out: certificates go onto the list, rollouts wait for it no more. */
  const settle = async (device: Device): Promise<Device> => {
    tell(device);
    await revocations.refresh();
    for (const rollout of await runningRolloutsOn(db, device.id)) await wakePlanner(rollout);
    return device;
  };

  app.post(
    '/v1/devices/accept',
    {
      config: { access: 'operate' },
      schema: {
        operationId: 'devices.acceptMany',
        tags,
        summary: 'Let devices in that wait for it: all of them, or none',
        body: DeviceList,
        response: { 200: z.array(Device) },
      },
    },
    async (request) =>
      (await acceptDevices(db, request.body.devices, actorOf(request).name, new Date())).map(tell),
  );
  app.post(
    '/v1/devices/:id/accept',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Let a device in that waits for it; it gets its certificate when it asks the next time',
        params: ById,
        response: { 200: Device },
      },
    },
    async (request) => {
      const { id } = request.params;
      const [device] = await acceptDevices(db, [id], actorOf(request).name, new Date());
      return tell(Device.parse(device));
    },
  );
  app.post(
    '/v1/devices/:id/reject',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Refuse a device that waits; its claim has a use more again',
        params: ById,
        response: { 200: Device },
      },
    },
    async (request) => tell(await rejectDevice(db, request.params.id, actorOf(request).name, new Date())),
  );
  app.post(
    '/v1/devices/:id/revoke',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Let a device out, until it is enrolled anew: its session ends, it gets nothing any more',
        params: ById,
        response: { 200: Device },
      },
    },
    async (request) => settle(await revokeDevice(db, request.params.id, actorOf(request).name, new Date())),
  );
  app.post(
    '/v1/devices/:id/decommission',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Let a device out for good; its history stays',
        params: ById,
        response: { 200: Device },
      },
    },
    async (request) =>
      settle(await decommissionDevice(db, request.params.id, actorOf(request).name, new Date())),
  );
  app.put(
    '/v1/devices/:id/class',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Say that a device was given an image of another class',
        params: ById,
        body: ClassChange,
        response: { 200: Device },
      },
    },
    async (request) => {
      const { deviceClass } = request.body;
      const { arch } = await images.get(deviceClass);
      const before = await runningRolloutsOn(db, request.params.id);
      const device = await changeDeviceClass(
        db,
        request.params.id,
        { deviceClass, arch },
        actorOf(request).name,
      );
      for (const rollout of before) await wakePlanner(rollout);
      return tell(device);
    },
  );

  app.get(
    '/v1/registrations',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List devices that are known before they come',
        querystring: PageQuery,
        response: { 200: z.array(Registration) },
      },
    },
    async ({ query }) => listRegistrations(db, query),
  );
  app.post(
    '/v1/registrations',
    {
      config: { access: 'operate' },
      bodyLimit: MAX_IMPORT_BYTES,
      schema: {
        tags,
        summary: 'Make devices known before they come, by serial number or key: the whole list, or nothing',
        body: RegistrationImport,
        response: { 201: z.array(Registration) },
      },
    },
    async (request, reply) => {
      const rows = request.body.devices;
      const archOf = new Map<ClassName, Arch>();
      for (const { name, arch } of await images.list()) archOf.set(name, arch);
      const taken = await importRegistrations(db, rows, archOf, actorOf(request).name, new Date());
      return reply.code(201).send(taken);
    },
  );
  app.delete(
    '/v1/registrations/:id',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Forget that a device will come',
        params: ById,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await removeRegistration(db, request.params.id, actorOf(request).name);
      return reply.code(204).send(null);
    },
  );
};
