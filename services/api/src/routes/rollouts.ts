import {
  createRollout,
  getRollout,
  isRolloutInReach,
  limitTargets,
  listRollouts,
  previewRollout,
  recordAudit,
} from '@slipway/fleet';
import {
  ClassName,
  ReleaseId,
  Rollout,
  RolloutCreate,
  RolloutId,
  RolloutPreview,
  RolloutState,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, personOf, reachOfRequest } from '../auth.ts';
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
        const made = await createRollout(tx, request.body, new Date(), within, personOf(request));
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
  app.post(
    '/v1/rollouts/preview',
    {
      config: { access: 'release', groups: 'filter' },
      schema: {
        tags,
        summary: 'Show what a rollout would do: devices, routes, bytes and time, in all and of each wave',
        body: RolloutCreate,
        response: { 200: RolloutPreview },
      },
    },
    async (request) => {
      const now = new Date();
      const within = await limitTargets(db, reachOfRequest(request), request.body, now);
      return previewRollout(db, request.body, within, now);
    },
  );
  app.get(
    '/v1/rollouts',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary: 'List rollouts',
        querystring: PageQuery.extend({
          state: RolloutState.optional(),
          deviceClass: ClassName.optional(),
          release: ReleaseId.optional(),
        }),
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
};
