import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  getWebhookDelivery,
  getWebhook,
  listWebhookDeliveries,
  listWebhooks,
  pingWebhook,
  redeliverWebhook,
  rotateWebhook,
} from '@slipway/fleet';
import {
  WebhookDelivery,
  WebhookDeliveryDetails,
  MessageId,
  WebhookDeliveryState,
  Webhook,
  WebhookChange,
  WebhookCreate,
  WebhookId,
  WebhookRotate,
  WebhookSecret,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Webhooks'];
const ById = z.strictObject({ id: WebhookId });
const ByDelivery = z.strictObject({ id: WebhookId, delivery: MessageId });
// Where events go is a setting, and its URL may be a secret by itself.
const config = { access: 'admin' } as const;

export const webhookRoutes = (app: App, { db, courier, sealWebhook: seal }: Context): void => {
  app.get(
    '/v1/webhooks',
    {
      config,
      schema: {
        tags,
        summary: 'List webhooks',
        querystring: PageQuery,
        response: { 200: z.array(Webhook) },
      },
    },
    async ({ query }) => listWebhooks(db, query),
  );
  app.post(
    '/v1/webhooks',
    {
      config,
      schema: {
        tags,
        summary: 'Have events posted to a URL; the secret that signs them is shown this once',
        body: WebhookCreate,
        response: { 201: WebhookSecret },
      },
    },
    async (request, reply) => {
      const by = { actor: actorOf(request).name, seal };
      const webhook = await createWebhook(db, request.body, by, new Date());
      return reply
        .code(201)
        .header('location', `/v1/webhooks/${webhook.id}`)
        .header('cache-control', 'no-store')
        .send(webhook);
    },
  );
  app.get(
    '/v1/webhooks/:id',
    { config, schema: { tags, summary: 'Show a webhook', params: ById, response: { 200: Webhook } } },
    async ({ params }) => getWebhook(db, params.id),
  );
  app.patch(
    '/v1/webhooks/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Change the URL or events of a webhook, or switch it on or off',
        params: ById,
        body: WebhookChange,
        response: { 200: Webhook },
      },
    },
    async (request) => changeWebhook(db, request.params.id, request.body, actorOf(request).name, new Date()),
  );
  app.delete(
    '/v1/webhooks/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Delete a webhook and its deliveries',
        params: ById,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await deleteWebhook(db, request.params.id, actorOf(request).name);
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/v1/webhooks/:id/rotate',
    {
      config,
      schema: {
        tags,
        summary: 'Give a webhook a new secret, shown this once; for a while the one before signs, too',
        params: ById,
        body: WebhookRotate,
        response: { 200: WebhookSecret },
      },
    },
    async (request, reply) => {
      const { overlapSeconds } = request.body;
      const by = { actor: actorOf(request).name, seal };
      const webhook = await rotateWebhook(db, request.params.id, overlapSeconds * 1000, by, new Date());
      return reply.header('cache-control', 'no-store').send(webhook);
    },
  );
  app.post(
    '/v1/webhooks/:id/ping',
    {
      config,
      schema: {
        tags,
        summary: 'Post a ping now and tell how that went; it is tried once',
        params: ById,
        response: { 200: WebhookDeliveryDetails },
      },
    },
    async ({ params }) => {
      const delivery = await pingWebhook(db, params.id, new Date());
      await courier.deliver(delivery);
      return getWebhookDelivery(db, params.id, delivery);
    },
  );
  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config,
      schema: {
        tags,
        summary: 'List deliveries of a webhook, newest first',
        params: ById,
        querystring: PageQuery.extend({ state: WebhookDeliveryState.optional() }),
        response: { 200: z.array(WebhookDelivery) },
      },
    },
    async ({ params, query }) => {
      const { id } = await getWebhook(db, params.id);
      return listWebhookDeliveries(db, id, query);
    },
  );
  app.get(
    '/v1/webhooks/:id/deliveries/:delivery',
    {
      config,
      schema: {
        tags,
        summary: 'Show a delivery: what is posted, and how each try went',
        params: ByDelivery,
        response: { 200: WebhookDeliveryDetails },
      },
    },
    async ({ params }) => getWebhookDelivery(db, params.id, params.delivery),
  );
  app.post(
    '/v1/webhooks/:id/deliveries/:delivery/redeliver',
    {
      config,
      schema: {
        tags,
        summary: 'Try a delivery anew, under the same id',
        params: ByDelivery,
        response: { 200: WebhookDelivery },
      },
    },
    async (request) => {
      const { id, delivery } = request.params;
      return redeliverWebhook(db, id, delivery, actorOf(request).name, new Date());
    },
  );
};
