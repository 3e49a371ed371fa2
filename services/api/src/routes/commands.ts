import { createCommand, getCommand, listCommands, listLogPieces, recordAudit } from '@slipway/fleet';
import { CommandId, CommandRequest, DeviceCommand, DeviceId, DeviceLogPiece } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, whole, type App, type Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: DeviceId });
const ByCommand = z.strictObject({ id: DeviceId, command: CommandId });

export const commandRoutes = (app: App, { db, events, sendCommand }: Context): void => {
  app.post(
    '/v1/devices/:id/commands',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Ask a device that is online to do something',
        params: ById,
        body: CommandRequest,
        response: { 202: DeviceCommand },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const command = await db.transaction(async (tx) => {
        const made = await createCommand(tx, id, request.body, new Date());
        await recordAudit(tx, {
          actor: actorOf(request).name,
          action: `device.${request.body.name}`,
          subject: id,
          details: { command: made.id, ...request.body },
        });
        return made;
      });
      events.publish({ kind: 'command', command });
      await sendCommand(command.id);
      return reply.code(202).header('location', `/v1/devices/${id}/commands/${command.id}`).send(command);
    },
  );
  app.get(
    '/v1/devices/:id/commands',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        summary: 'List what was asked of a device lately, newest first',
        params: ById,
        querystring: PageQuery,
        response: { 200: z.array(DeviceCommand) },
      },
    },
    async ({ params, query }) => listCommands(db, params.id, query, new Date()),
  );
  app.get(
    '/v1/devices/:id/commands/:command',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        summary: 'Show what came of a command',
        params: ByCommand,
        response: { 200: DeviceCommand },
      },
    },
    async ({ params }) => getCommand(db, params.id, params.command, new Date()),
  );
  app.get(
    '/v1/devices/:id/commands/:command/log',
    {
      config: { access: 'read', groups: 'device' },
      schema: {
        tags,
        summary: 'Read the logs that a device has sent for a command',
        params: ByCommand,
        querystring: z.strictObject({
          after: whole(-1, 1_000_000_000, -1).describe('Number of the last piece known.'),
        }),
        response: { 200: z.array(DeviceLogPiece) },
      },
    },
    async ({ params, query }) => listLogPieces(db, params.id, params.command, query.after, new Date()),
  );
};
