import {
  changeChannel,
  followChannel,
  getChannel,
  listChannelHistory,
  listChannels,
  publishToChannel,
  recordAudit,
} from '@slipway/fleet';
import {
  ChannelChange,
  ChannelFollow,
  ChannelHistory,
  ChannelName,
  ChannelPublish,
  ClassName,
  Device,
  DeviceId,
  ReleaseChannel,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Channels'];
const ByName = z.strictObject({ deviceClass: ClassName, name: ChannelName });

export const channelRoutes = (app: App, { db, events }: Context): void => {
  app.get(
    '/v1/channels',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List channels of releases',
        querystring: PageQuery.extend({ deviceClass: ClassName.optional() }),
        response: { 200: z.array(ReleaseChannel) },
      },
    },
    async ({ query }) => listChannels(db, query),
  );
  app.get(
    '/v1/channels/:deviceClass/:name',
    {
      config: { access: 'read', groups: 'any' },
      schema: { tags, summary: 'Show a channel', params: ByName, response: { 200: ReleaseChannel } },
    },
    async ({ params }) => getChannel(db, params),
  );
  app.put(
    '/v1/channels/:deviceClass/:name',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Make a channel, or set its floor and stepping stones',
        params: ByName,
        body: ChannelChange,
        response: { 200: ReleaseChannel },
      },
    },
    async (request) => {
      const channel = await db.transaction(async (tx) => {
        const changed = await changeChannel(tx, request.params, request.body, new Date());
        await recordAudit(tx, {
          actor: actorOf(request).name,
          action: 'channel.change',
          subject: `${changed.deviceClass}/${changed.name}`,
          details: { ...request.body },
        });
        return changed;
      });
      events.publish({ kind: 'channel', channel });
      return channel;
    },
  );
  app.post(
    '/v1/channels/:deviceClass/:name/releases',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Publish a release to a channel, which makes it the current one',
        params: ByName,
        body: ChannelPublish,
        response: { 200: ReleaseChannel },
      },
    },
    async (request) => {
      const { params, body } = request;
      const asked = {
        release: body.release,
        force: body.force,
        deviceClass: params.deviceClass,
        channel: params.name,
        actor: actorOf(request).name,
      };
      const { channel, release } = await publishToChannel(db, asked, new Date());
      events.publish({ kind: 'release', release });
      events.publish({ kind: 'channel', channel });
      return channel;
    },
  );
  app.get(
    '/v1/channels/:deviceClass/:name/history',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'What was published to a channel, newest first',
        params: ByName,
        querystring: PageQuery,
        response: { 200: z.array(ChannelHistory) },
      },
    },
    async ({ params, query }) => {
      await getChannel(db, params);
      return listChannelHistory(db, params, query);
    },
  );
  app.put(
    '/v1/devices/:id/channel',
    {
      config: { access: 'operate', groups: 'device' },
      schema: {
        tags,
        summary: 'Have a device follow a channel of its class, or none',
        params: z.strictObject({ id: DeviceId }),
        body: ChannelFollow,
        response: { 200: Device },
      },
    },
    async (request) => {
      const { channel } = request.body;
      const device = await db.transaction(async (tx) => {
        const changed = await followChannel(tx, request.params.id, channel);
        await recordAudit(tx, {
          actor: actorOf(request).name,
          action: 'device.channel',
          subject: changed.id,
          details: { channel },
        });
        return changed;
      });
      events.publish({ kind: 'device', device });
      return device;
    },
  );
};
