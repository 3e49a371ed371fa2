import { getQualification, getRelease, recordAudit } from '@slipway/fleet';
import { ChannelName, Qualification, Qualifier, ReleaseId } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { sendFile } from '../send-file.ts';
import type { App, Context } from './context.ts';

const tags = ['Releases'];
const ById = z.strictObject({ id: ReleaseId });
const QualifyQuery = z.strictObject({
  channel: ChannelName.optional().describe(
    'Whose current release it is updated from; otherwise as its trigger says, or else the newest published one.',
  ),
});

export const qualificationRoutes = (app: App, { db, store, qualifications }: Context): void => {
  app.get(
    '/v1/releases/:id/qualification',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Show how a release did in a virtual device',
        params: ById,
        response: { 200: Qualification },
      },
    },
    async ({ params }) => getQualification(db, params.id),
  );
  app.get(
    '/v1/qualifiers',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the qualifiers that live, what each can start, and which releases it tries',
        response: { 200: z.array(Qualifier) },
      },
    },
    async () => qualifications.qualifiers(),
  );
  app.post(
    '/v1/releases/:id/qualify',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Try a release in a virtual device, once more or although its class does not ask for it',
        params: ById,
        querystring: QualifyQuery,
        response: { 200: Qualification },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { channel } = request.query;
      return qualifications.again(id, channel, async (tx) => {
        await recordAudit(tx, {
          actor: actorOf(request).name,
          action: 'release.qualify',
          subject: id,
          details: channel === undefined ? {} : { channel },
        });
      });
    },
  );
  app.get(
    '/v1/releases/:id/console',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Download what the virtual device printed while a release was qualified',
        params: ById,
        produces: ['text/plain'],
      },
    },
    async ({ params }, reply) => {
      const { id } = await getRelease(db, params.id);
      return sendFile(reply, { path: store.consolePath(id), type: 'text/plain; charset=utf-8' });
    },
  );
};
