import {
  changeTrigger,
  createTrigger,
  deleteTrigger,
  getTrigger,
  listDeliveries,
  listTriggers,
  newHookSecret,
  recordAudit,
  recordDelivery,
  takesHook,
} from '@slipway/fleet';
import {
  DeliveryVerdict,
  SlipwayError,
  Trigger,
  TriggerChange,
  TriggerCreate,
  TriggerCreated,
  TriggerDelivery,
  TriggerId,
  TriggerName,
  TriggerRun,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { nextAt } from '../triggers/next-at.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Triggers'];
const ByName = z.strictObject({ id: z.union([TriggerId, TriggerName]).describe('id or name') });

export const triggerRoutes = (app: App, { db, triggers }: Context): void => {
  app.get(
    '/v1/triggers',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List what makes builds by itself, by name',
        querystring: PageQuery,
        response: { 200: z.array(Trigger) },
      },
    },
    async ({ query }) => listTriggers(db, query),
  );
  app.post(
    '/v1/triggers',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Make a trigger; the answer has the secret of its hook, which is never shown again',
        body: TriggerCreate,
        response: { 201: TriggerCreated },
      },
    },
    async (request, reply) => {
      const { on } = request.body;
      if (!takesHook(on) && request.body.secret !== undefined)
        throw new SlipwayError(
          'REQUEST_INVALID',
          `A trigger of kind ${on.kind} takes no hook, and no secret.`,
        );
      const secret = takesHook(on) ? (request.body.secret ?? newHookSecret()) : undefined;
      const by = { actor: actorOf(request).name, seal: triggers.seal, nextAt };
      const trigger = await createTrigger(db, { ...request.body, secret }, by, new Date());
      return reply
        .code(201)
        .header('location', `/v1/triggers/${trigger.id}`)
        .send({ ...trigger, secret: secret ?? null });
    },
  );
  app.get(
    '/v1/triggers/:id',
    {
      config: { access: 'read' },
      schema: { tags, summary: 'Show a trigger', params: ByName, response: { 200: Trigger } },
    },
    async ({ params }) => getTrigger(db, params.id),
  );
  app.patch(
    '/v1/triggers/:id',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Change a trigger: what is left out stays as it is',
        params: ByName,
        body: TriggerChange,
        response: { 200: Trigger },
      },
    },
    async (request) => {
      const by = { actor: actorOf(request).name, seal: triggers.seal, nextAt };
      return changeTrigger(db, request.params.id, request.body, by, new Date());
    },
  );
  app.delete(
    '/v1/triggers/:id',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Delete a trigger and its deliveries; its builds stay',
        params: ByName,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await deleteTrigger(db, request.params.id, actorOf(request).name);
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/v1/triggers/:id/run',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Set a trigger off by hand, for all its classes or some, whatever changed',
        params: ByName,
        body: TriggerRun,
        response: { 202: TriggerDelivery },
      },
    },
    async (request, reply) => {
      const trigger = await getTrigger(db, request.params.id);
      const { classes, branch } = request.body;
      if (branch !== undefined && trigger.source === null)
        throw new SlipwayError(
          'REQUEST_INVALID',
          `Trigger ${trigger.name} has no source, so there is no branch.`,
        );
      const actor = actorOf(request).name;
      const facts = {
        by: actor,
        ...(branch === undefined ? {} : { branch }),
        ...(classes === undefined ? {} : { classes }),
      };
      await db.transaction(async (tx) => {
        await recordDelivery(
          tx,
          {
            trigger: trigger.id,
            event: 'manual',
            verdict: 'accepted',
            reason: `${actor} set it off`,
            facts,
            run: {
              asked: {
                trigger: trigger.id,
                key: `manual:${branch ?? ''}:${[...(classes ?? [])].sort().join(',')}`,
                cause: { kind: 'manual', id: actor, cause: facts },
                classes,
              },
              windowMs: 0,
            },
          },
          new Date(),
        );
        await recordAudit(tx, { actor, action: 'trigger.run', subject: trigger.id, details: facts });
      });
      triggers.look();
      const [delivery] = await listDeliveries(db, { trigger: trigger.id, limit: 1, offset: 0 });
      if (delivery === undefined)
        throw new SlipwayError('INTERNAL', 'A delivery that was kept is not there.');
      return reply.code(202).send(delivery);
    },
  );
  app.get(
    '/v1/triggers/:id/deliveries',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'What set a trigger off or tried to, newest first, and what came of it',
        params: ByName,
        querystring: PageQuery.extend({ verdict: DeliveryVerdict.optional() }),
        response: { 200: z.array(TriggerDelivery) },
      },
    },
    async ({ params, query }) => {
      const { id } = await getTrigger(db, params.id);
      return listDeliveries(db, { ...query, trigger: id });
    },
  );
};
