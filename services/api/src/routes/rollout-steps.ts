import { abortRollout, recordAudit, setRolloutPolicy, type Database } from '@slipway/fleet';
import { AssignmentPolicy, Rollout, RolloutId } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['Rollouts'];
const ById = z.strictObject({ id: RolloutId });

/** What is done with a rollout that there is. */
export const rolloutStepRoutes = (app: App, { db, events, wakePlanner }: Context): void => {
  /** In one transaction with its entry; then whoever watches and the planner are told. */
  const step = async (
    by: { readonly actor: string; readonly action: string; readonly details?: object | undefined },
    work: (tx: Database) => Promise<Rollout>,
  ): Promise<Rollout> => {
    const { actor, action, details } = by;
    const rollout = await db.transaction(async (tx) => {
      const changed = await work(tx);
      await recordAudit(tx, { actor, action, subject: changed.id, details: { ...details } });
      return changed;
    });
    events.publish({ kind: 'rollout', rollout });
    await wakePlanner(rollout.id);
    return rollout;
  };
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
    async (request) =>
      step({ actor: actorOf(request).name, action: 'rollout.policy', details: request.body }, (tx) =>
        setRolloutPolicy(tx, request.params.id, request.body),
      ),
  );
  app.post(
    '/v1/rollouts/:id/abort',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: { tags, summary: 'Abort a rollout', params: ById, response: { 200: Rollout } },
    },
    async (request) => {
      const actor = actorOf(request).name;
      return step({ actor, action: 'rollout.abort' }, (tx) =>
        abortRollout(tx, request.params.id, `aborted by ${actor}`, new Date()),
      );
    },
  );
};
