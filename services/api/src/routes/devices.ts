import { getDevice, listDevices, listExecutions } from '@slipway/fleet';
import { ClassName, Device, DeviceId, DeviceState, Execution } from '@slipway/protocol';
import { z } from 'zod';
import { Flag, PageQuery, type App, type Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: DeviceId });

export const deviceRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/devices',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List devices',
        querystring: PageQuery.extend({
          deviceClass: ClassName.optional(),
          online: Flag.optional(),
          state: DeviceState.optional().describe('Absent: pending, active and revoked.'),
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
