import {
  changeDevice,
  countDevices,
  getDevice,
  groupsOfDevice,
  isInReach,
  listDevices,
  listExecutions,
  queryCondition,
  runningRolloutsOn,
} from '@slipway/fleet';
import {
  ClassName,
  Device,
  DeviceChange,
  DeviceCounts,
  DeviceId,
  DeviceState,
  Execution,
  QueryText,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { Flag, PageQuery, type App, type Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: DeviceId });

export const deviceRoutes = (app: App, { db, events, wakePlanner }: Context): void => {
  app.get(
    '/v1/devices',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary: 'List devices',
        querystring: PageQuery.extend({
          query: QueryText.optional(),
          deviceClass: ClassName.optional(),
          online: Flag.optional(),
          state: DeviceState.optional().describe('Absent: pending, active and revoked.'),
        }),
        response: { 200: z.array(Device) },
      },
    },
    async (request) => {
      const { query, ...filter } = request.query;
      const now = new Date();
      const condition = query === undefined ? undefined : await queryCondition(db, query, now);
      const near = await isInReach(db, reachOfRequest(request), now);
      return listDevices(db, { ...filter, condition, near });
    },
  );
  app.get(
    '/v1/devices/counts',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'devices.counts',
        summary: 'Count the devices that a query finds, by what they are',
        querystring: z.strictObject({ query: QueryText.default('') }),
        response: { 200: DeviceCounts },
      },
    },
    async (request) => {
      const now = new Date();
      const near = await isInReach(db, reachOfRequest(request), now);
      return countDevices(db, request.query.query, now, near);
    },
  );
  app.get(
    '/v1/devices/:id',
    {
      config: { access: 'read', groups: 'device' },
      schema: { tags, summary: 'Show a device', params: ById, response: { 200: Device } },
    },
    async ({ params }) => ({
      ...(await getDevice(db, params.id)),
      groups: await groupsOfDevice(db, params.id, new Date()),
    }),
  );
  app.patch(
    '/v1/devices/:id',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Set the name, tags and attributes of a device',
        params: ById,
        body: DeviceChange,
        response: { 200: Device },
      },
    },
    async (request) => {
      const device = await changeDevice(db, request.params.id, request.body, actorOf(request).name);
      events.publish({ kind: 'device', device });
      // A group or a query may find it now.
      for (const rollout of await runningRolloutsOn(db, device.id)) await wakePlanner(rollout);
      return device;
    },
  );
  app.get(
    '/v1/devices/:id/executions',
    {
      config: { access: 'read', groups: 'device' },
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
