import { getRollout, listExecutions, listFailures, rolloutProgress, rolloutSummary } from '@slipway/fleet';
import {
  consequencesOf,
  Execution,
  ExecutionState,
  RolloutConsequences,
  RolloutFailures,
  RolloutId,
  RolloutProgress,
  RolloutSummary,
  Wave,
} from '@slipway/protocol';
import { z } from 'zod';
import { PageQuery, wholeOrNone, type App, type Context } from './context.ts';

const tags = ['Rollouts'];
const ById = z.strictObject({ id: RolloutId });

/** How far a rollout is. */
export const rolloutProgressRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/rollouts/:id/waves',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        summary: 'List the waves of a rollout and how far each is',
        params: ById,
        response: { 200: z.array(Wave) },
      },
    },
    async ({ params }) => (await getRollout(db, params.id)).waves,
  );
  app.get(
    '/v1/rollouts/:id/executions',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        summary: 'List the devices of a rollout and how far each is',
        params: ById,
        querystring: PageQuery.extend({
          wave: wholeOrNone(0, 49).describe('Only devices of the wave of this index.'),
          state: ExecutionState.optional(),
          code: z.string().max(64).optional().describe('Only those that ended with this code.'),
        }),
        response: { 200: z.array(Execution) },
      },
    },
    async ({ params, query }) => {
      await getRollout(db, params.id);
      return listExecutions(db, { rollout: params.id, ...query });
    },
  );
  app.get(
    '/v1/rollouts/:id/failures',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        summary: 'List why devices of a rollout failed, with some of the devices',
        params: ById,
        response: { 200: z.array(RolloutFailures) },
      },
    },
    async ({ params }) => {
      await getRollout(db, params.id);
      return listFailures(db, params.id);
    },
  );
  app.get(
    '/v1/rollouts/:id/progress',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        operationId: 'rollouts.progress',
        summary: 'Tell how many devices were offered the release, committed and failed over time, by wave',
        params: ById,
        response: { 200: RolloutProgress },
      },
    },
    async ({ params }) => rolloutProgress(db, params.id, new Date()),
  );
  app.get(
    '/v1/rollouts/:id/summary',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        summary: 'Tell what came of a rollout so far: devices, time, bytes, failures',
        params: ById,
        response: { 200: RolloutSummary },
      },
    },
    async ({ params }) => rolloutSummary(db, params.id, new Date()),
  );
  app.get(
    '/v1/rollouts/:id/consequences',
    {
      config: { access: 'read', groups: 'rollout' },
      schema: {
        tags,
        operationId: 'rollouts.consequences',
        summary:
          'Tell what approving, pausing, resuming, aborting and rolling back would do to which devices',
        params: ById,
        response: { 200: RolloutConsequences },
      },
    },
    async ({ params }) => consequencesOf(await getRollout(db, params.id)),
  );
};
