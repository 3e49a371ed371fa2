import {
  abortRollout,
  approveRollout,
  pauseRollout,
  recordAudit,
  resumeRollout,
  rollBackRollout,
  setRolloutLimits,
  setRolloutPolicy,
  type Database,
} from '@slipway/fleet';
import {
  AssignmentPolicy,
  Rollout,
  RolloutApproval,
  RolloutChange,
  RolloutId,
  RolloutReason,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, personOf } from '../auth.ts';
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
  app.patch(
    '/v1/rollouts/:id',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: {
        tags,
        summary: 'Change how fast a rollout goes, what stops it, when its offers end, and its priority',
        params: ById,
        body: RolloutChange,
        response: { 200: Rollout },
      },
    },
    async (request) =>
      step({ actor: actorOf(request).name, action: 'rollout.limits', details: request.body }, (tx) =>
        setRolloutLimits(tx, request.params.id, request.body, new Date()),
      ),
  );
  app.post(
    '/v1/rollouts/:id/pause',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: {
        tags,
        summary: 'Pause a rollout: nothing more is offered, what is under way goes on',
        params: ById,
        body: RolloutReason,
        response: { 200: Rollout },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      const reason = saidBy('paused', actor, request.body);
      return step({ actor, action: 'rollout.pause', details: request.body }, (tx) =>
        pauseRollout(tx, request.params.id, reason),
      );
    },
  );
  app.post(
    '/v1/rollouts/:id/resume',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: {
        tags,
        summary: 'Go on with a rollout that was paused; failures that paused it are forgiven',
        params: ById,
        response: { 200: Rollout },
      },
    },
    async (request) =>
      step({ actor: actorOf(request).name, action: 'rollout.resume' }, (tx) =>
        resumeRollout(tx, request.params.id, new Date()),
      ),
  );
  app.post(
    '/v1/rollouts/:id/approve',
    {
      config: { access: 'approve', groups: 'rollout' },
      schema: {
        tags,
        summary: 'Approve what a rollout waits for: its start, or a wave; never by whoever created it',
        params: ById,
        body: RolloutApproval,
        response: { 200: Rollout },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      const { comment = null } = request.body;
      return step({ actor, action: 'rollout.approve', details: request.body }, (tx) =>
        approveRollout(tx, request.params.id, personOf(request), comment, new Date()),
      );
    },
  );
  app.post(
    '/v1/rollouts/:id/rollback',
    {
      config: { access: 'release', groups: 'rollout' },
      schema: {
        tags,
        summary: 'End a rollout, and bring devices that committed back to the release before it',
        params: ById,
        body: RolloutReason,
        response: { 200: Rollout },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      const reason = saidBy('rolled back', actor, request.body);
      return step({ actor, action: 'rollout.rollback', details: request.body }, (tx) =>
        rollBackRollout(tx, request.params.id, reason, new Date()),
      );
    },
  );
};

const saidBy = (what: string, actor: string, { reason }: RolloutReason): string =>
  `${what} by ${actor}${reason === undefined ? '' : `: ${reason}`}`;
