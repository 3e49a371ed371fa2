import {
  abortRollout,
  createRollout,
  getRollout,
  isRolloutInReach,
  limitTargets,
  listExecutions,
  listRollouts,
  recordAudit,
  setRolloutPolicy,
} from '@slipway/fleet';
import {
  AssignmentPolicy,
  Execution,
  Rollout,
  RolloutCreate,
  RolloutId,
  RolloutState,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Rollouts'];
const ById = z.strictObject({ id: RolloutId });

export const rolloutRoutes = (app: App, { db, events, wakePlanner }: Context): void => {
  app.post(
    '/v1/rollouts',
    {
      config: { access: 'release', groups: 'filter' },
      schema: {
        tags,
        summary: 'Roll a published release out',
        body: RolloutCreate,
        response: { 201: Rollout },
      },
    },
    async (request, reply) => {
      const rollout = await db.transaction(async (tx) => {
        const within = await limitTargets(tx, reachOfRequest(request), request.body, new Date());
        const made = await createRollout(tx, request.body, new Date(), within);
        await recordAudit(tx, {
          actor: actorOf(request).name,
          action: 'rollout.create',
          subject: made.id,
          details: { ...request.body, ...(within === null ? {} : { within }) },
        });
        return made;
      });
      events.publish({ kind: 'rollout', rollout });
      await wakePlanner(rollout.id);
      return reply.code(201).header('location', `/v1/rollouts/${rollout.id}`).send(rollout);
    },
  );
  app.get(
    '/v1/rollouts',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary: 'List rollouts',
        querystring: PageQuery.extend({ state: RolloutState.optional() }),
        response: { 200: z.array(Rollout) },
      },
    },
    async (request) => {
      const near = await isRolloutInReach(db, reachOfRequest(request), new Date());
      return listRollouts(db, { ...request.query, near });
    },
  );
  app.get(
    '/v1/rollouts/:id',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: { tags, summary: 'Show a rollout', params: ById, response: { 200: Rollout } },
    },
    async ({ params }) => getRollout(db, params.id),
  );
  app.get(
    '/v1/rollouts/:id/executions',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        summary: 'List the devices of a rollout and how far each is',
        params: ById,
        querystring: PageQuery,
        response: { 200: z.array(Execution) },
      },
    },
    async ({ params, query }) => {
      await getRollout(db, params.id);
      return listExecutions(db, { rollout: params.id, ...query });
    },
  );
  app.put(
    '/v1/rollouts/:id/policy',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: {
        tags,
        summary: 'Change when and how devices take the release, until they have armed their trial',
        params: ById,
        body: z.strictObject(AssignmentPolicy.shape),
        response: { 200: Rollout },
      },
    },
    async (request) => {
      const rollout = await db.transaction(async (tx) => {
        const changed = await setRolloutPolicy(tx, request.params.id, request.body);
        await recordAudit(tx, {
          actor: actorOf(request).name,
          action: 'rollout.policy',
          subject: changed.id,
          details: { ...request.body },
        });
        return changed;
      });
      events.publish({ kind: 'rollout', rollout });
      await wakePlanner(rollout.id);
      return rollout;
    },
  );
  app.post(
    '/v1/rollouts/:id/abort',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: { tags, summary: 'Abort a rollout', params: ById, response: { 200: Rollout } },
    },
    async (request) => {
      const actor = actorOf(request).name;
      const rollout = await db.transaction(async (tx) => {
        const aborted = await abortRollout(tx, request.params.id, `aborted by ${actor}`, new Date());
        await recordAudit(tx, { actor, action: 'rollout.abort', subject: aborted.id });
        return aborted;
      });
      events.publish({ kind: 'rollout', rollout });
      await wakePlanner(rollout.id);
      return rollout;
    },
  );
};
