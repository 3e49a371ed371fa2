import { getDevice, listDevices, listExecutions, revokeDevice, runningRolloutsOn } from '@slipway/fleet';
import { ClassName, Device, DeviceId, Execution } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: DeviceId });

export const deviceRoutes = (app: App, { db, events, wakePlanner }: Context): void => {
  app.get(
    '/v1/devices',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List devices',
        querystring: PageQuery.extend({
          deviceClass: ClassName.optional(),
          online: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
        }),
        response: { 200: z.array(Device) },
      },
    },
    async ({ query }) => listDevices(db, query),
  );
  app.get(
    '/v1/devices/:id',
    {
      config: { access: 'read' },
      schema: { tags, summary: 'Show a device', params: ById, response: { 200: Device } },
    },
    async ({ params }) => getDevice(db, params.id),
  );
  app.post(
    '/v1/devices/:id/revoke',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Give a device no certificate and no release any more, until it is enrolled anew',
        params: ById,
        response: { 200: Device },
      },
    },
    async (request) => {
      const device = await revokeDevice(db, request.params.id, actorOf(request).name, new Date());
      events.publish({ kind: 'device', device });
      // They wait for it no more.
      for (const rollout of await runningRolloutsOn(db, device.id)) await wakePlanner(rollout);
      return device;
    },
  );
  app.get(
    '/v1/devices/:id/executions',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List what a device took, or tried to',
        params: ById,
        querystring: PageQuery,
        response: { 200: z.array(Execution) },
      },
    },
    async ({ params, query }) => {
      await getDevice(db, params.id);
      return listExecutions(db, { device: params.id, ...query });
    },
  );
};
