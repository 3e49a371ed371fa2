import {
  addMembers,
  changeGroup,
  createGroup,
  deleteGroup,
  getGroup,
  isInGroup,
  listDevices,
  listGroups,
  removeMembers,
  runningRolloutsByQuery,
} from '@slipway/fleet';
import { Device, Group, GroupChange, GroupCreate, GroupId, GroupMembers, GroupName } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Groups'];
const ByName = z.strictObject({ id: z.union([GroupId, GroupName]).describe('id or name') });

export const groupRoutes = (app: App, { db, events, wakePlanner }: Context): void => {
  const changed = async (group: Group): Promise<Group> => {
    events.publish({ kind: 'group', group });
    for (const rollout of await runningRolloutsByQuery(db)) await wakePlanner(rollout);
    return group;
  };
  app.get(
    '/v1/groups',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary: 'List groups by name',
        querystring: PageQuery,
        response: { 200: z.array(Group) },
      },
    },
    async (request) => listGroups(db, request.query, reachOfRequest(request)),
  );
  app.post(
    '/v1/groups',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Make a group of the devices that a query finds at any time, or of those that are added',
        body: GroupCreate,
        response: { 201: Group },
      },
    },
    async (request, reply) => {
      const group = await createGroup(db, request.body, actorOf(request).name, new Date());
      events.publish({ kind: 'group', group });
      return reply.code(201).header('location', `/v1/groups/${group.id}`).send(group);
    },
  );
  app.get(
    '/v1/groups/:id',
    {
      config: { access: 'read', groups: 'group' },
      schema: { tags, summary: 'Show a group', params: ByName, response: { 200: Group } },
    },
    async ({ params }) => getGroup(db, params.id),
  );
  app.patch(
    '/v1/groups/:id',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Change the name, description or query of a group',
        params: ByName,
        body: GroupChange,
        response: { 200: Group },
      },
    },
    async (request) =>
      changed(await changeGroup(db, request.params.id, request.body, actorOf(request).name, new Date())),
  );
  app.delete(
    '/v1/groups/:id',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Delete a group that nothing asks for; its devices stay',
        params: ByName,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const group = await getGroup(db, request.params.id);
      await deleteGroup(db, group.id, actorOf(request).name);
      events.publish({ kind: 'group', group, deleted: true });
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/v1/groups/:id/devices',
    {
      config: { access: 'read', groups: 'group' },
      schema: {
        tags,
        summary: 'List the devices of a group',
        params: ByName,
        querystring: PageQuery,
        response: { 200: z.array(Device) },
      },
    },
    async ({ params, query }) =>
      listDevices(db, { ...query, condition: await isInGroup(db, params.id, new Date()) }),
  );
  app.post(
    '/v1/groups/:id/devices',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        operationId: 'groups.addDevices',
        summary: 'Add devices to a group whose members are listed',
        params: ByName,
        body: GroupMembers,
        response: { 200: Group },
      },
    },
    async (request) =>
      changed(
        await addMembers(db, request.params.id, request.body.devices, actorOf(request).name, new Date()),
      ),
  );
  app.post(
    '/v1/groups/:id/devices/remove',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        operationId: 'groups.removeDevices',
        summary: 'Take devices out of a group whose members are listed',
        params: ByName,
        body: GroupMembers,
        response: { 200: Group },
      },
    },
    async (request) =>
      changed(await removeMembers(db, request.params.id, request.body.devices, actorOf(request).name)),
  );
};
