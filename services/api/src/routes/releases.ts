import {
  changeRelease,
  clearFromChannels,
  getRelease,
  listReleases,
  recordAudit,
  runningRolloutsOf,
} from '@slipway/fleet';
import {
  Artifact,
  BUNDLE_ARTIFACT,
  ClassName,
  DiskArtifact,
  Release,
  ReleaseId,
  ReleaseState,
  savedName,
  SlipwayError,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { releaseFiles } from '../releases/release-artifacts.ts';
import { sendArtifact } from '../send-artifact.ts';
import { sendFile } from '../send-file.ts';
import { Flag, PageQuery, type App, type Context } from './context.ts';

const tags = ['Releases'];
const ById = z.strictObject({ id: ReleaseId });
const PublishQuery = z.strictObject({
  force: Flag.optional().describe('Although it has not proven itself in a virtual device.'),
});

export const releaseRoutes = (app: App, { db, events, store }: Context): void => {
  app.get(
    '/v1/releases',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List releases',
        querystring: PageQuery.extend({ deviceClass: ClassName.optional(), state: ReleaseState.optional() }),
        response: { 200: z.array(Release) },
      },
    },
    async ({ query }) => listReleases(db, query),
  );
  app.get(
    '/v1/releases/:id',
    {
      config: { access: 'read', groups: 'any' },
      schema: { tags, summary: 'Show a release', params: ById, response: { 200: Release } },
    },
    async ({ params }) => getRelease(db, params.id),
  );
  app.post(
    '/v1/releases/:id/publish',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Publish a draft, or a deprecated release again, so that it can be rolled out',
        params: ById,
        querystring: PublishQuery,
        response: { 200: Release },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      const { id } = request.params;
      const { force = false } = request.query;
      const release = await db.transaction(async (tx) => {
        const { qualification } = await getRelease(tx, id);
        const published = await changeRelease(tx, id, undefined, 'published', force);
        await recordAudit(tx, {
          actor,
          action: 'release.publish',
          subject: id,
          details: force ? { force, qualification } : {},
        });
        return published;
      });
      events.publish({ kind: 'release', release });
      return release;
    },
  );
  app.post(
    '/v1/releases/:id/deprecate',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Deprecate a release: rollouts of it go on, new ones are refused unless they say force',
        params: ById,
        response: { 200: Release },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      const release = await db.transaction(async (tx) => {
        const deprecated = await changeRelease(tx, request.params.id, undefined, 'deprecated');
        await recordAudit(tx, { actor, action: 'release.deprecate', subject: deprecated.id });
        return deprecated;
      });
      events.publish({ kind: 'release', release });
      return release;
    },
  );
  app.post(
    '/v1/releases/:id/withdraw',
    {
      config: { access: 'release' },
      schema: { tags, summary: 'Withdraw a release, for good', params: ById, response: { 200: Release } },
    },
    async (request) => {
      const { id } = request.params;
      const running = await runningRolloutsOf(db, id);
      if (running.length > 0) {
        throw new SlipwayError(
          'CONFLICT',
          `Rollout ${running.join(', ')} of ${id} still runs. Abort it first.`,
          {
            details: { rollouts: running },
          },
        );
      }
      const actor = actorOf(request).name;
      const { release, cleared } = await db.transaction(async (tx) => {
        const withdrawn = await changeRelease(tx, id, undefined, 'withdrawn');
        const left = await clearFromChannels(tx, withdrawn, actor, new Date());
        await recordAudit(tx, { actor, action: 'release.withdraw', subject: id });
        return { release: withdrawn, cleared: left };
      });
      events.publish({ kind: 'release', release });
      for (const channel of cleared) events.publish({ kind: 'channel', channel });
      return release;
    },
  );
  app.get(
    '/v1/releases/:id/artifacts',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary:
          'List the bundle of a release and its disks in each format that was made, with sizes and digests',
        params: ById,
        response: { 200: z.array(Artifact) },
      },
    },
    async ({ params }) => {
      const { files } = await releaseFiles({ db, store }, params.id);
      return files.map(({ name, format, size, digest }) => ({ name, format, size, digest }));
    },
  );
  app.get(
    '/v1/releases/:id/artifacts/:name',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Download the bundle of a release or one of its disks, whole or a range of it',
        params: ById.extend({ name: z.enum([BUNDLE_ARTIFACT, ...DiskArtifact.options]) }),
        produces: ['application/octet-stream'],
      },
    },
    async (request, reply) => {
      const { id, name } = request.params;
      const { release, files } = await releaseFiles({ db, store }, id);
      const file = files.find((known) => known.name === name);
      if (file === undefined) {
        const known = files.map((other) => other.name).join(', ') || 'none any more';
        throw new SlipwayError('NOT_FOUND', `Release ${id} has no artifact ${name}; it has: ${known}.`);
      }
      return sendArtifact(request, reply, { ...file, name: savedName(release, name) });
    },
  );
  app.get(
    '/v1/releases/:id/bundle',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Download the bundle of a release',
        params: ById,
        produces: ['application/x-tar'],
      },
    },
    async ({ params }, reply) => {
      const release = await getRelease(db, params.id);
      return sendFile(reply, {
        path: store.bundlePath(release.id),
        type: 'application/x-tar',
        name: `${release.deviceClass}-${release.version}.tar`,
        digest: release.bundle.digest,
      });
    },
  );
};
