import { changeMany, devicesById, runningRolloutsOnAny } from '@slipway/fleet';
import { BulkRequest, BulkResult, SlipwayError } from '@slipway/protocol';
import { actorOf, reachOfRequest } from '../auth.ts';
import type { App, Context } from './context.ts';

export const bulkRoutes = (
  app: App,
  { db, events, revocations, sendCommand, wakePlanner }: Context,
): void => {
  app.post(
    '/v1/devices/bulk',
    {
      config: { access: 'operate', groups: 'filter' },
      schema: {
        operationId: 'devices.bulk',
        tags: ['Devices'],
        summary:
          'Do something to many devices: one batch of them for each request, so go on with `after` until it is null',
        body: BulkRequest,
        response: { 200: BulkResult },
      },
    },
    async (request) => {
      const { devices: ids, query, action, after, dryRun } = request.body;
      if ((ids === undefined) === (query === undefined))
        throw new SlipwayError('REQUEST_INVALID', 'Expected exactly one of devices and query.');
      const reach = reachOfRequest(request);
      if (action.kind === 'group' && reach !== 'fleet')
        throw new SlipwayError(
          'FORBIDDEN',
          'Who belongs to a group is for those to say whose role is for the whole fleet. Ask an admin.',
        );
      const actor = actorOf(request).name;
      const many = await changeMany(db, { action, ids, query, reach, after, dryRun, actor }, new Date());
      const changed = await devicesById(db, many.changed);
      for (const device of changed) events.publish({ kind: 'device', device });
      if (action.kind === 'revoke' || action.kind === 'decommission') await revocations.refresh();
      if (action.kind !== 'command')
        for (const rollout of await runningRolloutsOnAny(db, many.changed)) await wakePlanner(rollout);
      for (const command of many.commands) await sendCommand(command);
      return many.result;
    },
  );
};
