import { getBuild, listBuilds, recordAudit } from '@slipway/fleet';
import {
  ArtifactName,
  Build,
  BuildCreate,
  BuildId,
  BuildState,
  BuildWorker,
  ClassName,
  SlipwayError,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { sendArtifact } from '../send-artifact.ts';
import { sendFile } from '../send-file.ts';
import { PageQuery, whole, type App, type Context } from './context.ts';

const tags = ['Builds'];
const ById = z.strictObject({ id: BuildId });

export const buildRoutes = (app: App, { db, builds, sources, store }: Context): void => {
  app.post(
    '/v1/builds',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary:
          'Build an image for a device class; an equal build that is under way or has just succeeded is the answer (200)',
        body: BuildCreate,
        response: { 200: Build, 201: Build },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request).name;
      const { source, branch, ...asked } = request.body;
      if (source === undefined && branch !== undefined)
        throw new SlipwayError('REQUEST_INVALID', 'A branch is one of a source. Name the source, too.');
      await using checkout = source === undefined ? undefined : await sources.checkOut(source, branch);
      const cause =
        checkout === undefined
          ? {}
          : { source: checkout.source.name, branch: checkout.branch, commit: checkout.commit };
      const trigger = { kind: 'manual' as const, id: actor, cause };
      const { build, isNew } = await builds.start({
        ...asked,
        trigger,
        images: checkout?.images,
        within: (tx, made) => {
          const details = { ...request.body, isNew: made.isNew };
          return recordAudit(tx, { actor, action: 'build.create', subject: made.build.id, details });
        },
      });
      return reply
        .code(isNew ? 201 : 200)
        .header('location', `/v1/builds/${build.id}`)
        .send(build);
    },
  );
  app.get(
    '/v1/builds',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List builds',
        querystring: PageQuery.extend({ deviceClass: ClassName.optional(), state: BuildState.optional() }),
        response: { 200: z.array(Build) },
      },
    },
    async ({ query }) => listBuilds(db, query),
  );
  app.get(
    '/v1/builds/:id',
    {
      config: { access: 'read' },
      schema: { tags, summary: 'Show a build', params: ById, response: { 200: Build } },
    },
    async ({ params }) => getBuild(db, params.id),
  );
  app.post(
    '/v1/builds/:id/cancel',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Cancel a build that is queued or building',
        params: ById,
        response: { 200: Build },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      return builds.cancel(request.params.id, (tx, { id }) =>
        recordAudit(tx, { actor, action: 'build.cancel', subject: id }),
      );
    },
  );
  app.post(
    '/v1/builds/:id/retry',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary:
          'Build once more what failed or was cancelled: the same files and version, as a build of its own',
        params: ById,
        response: { 200: Build, 201: Build },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request).name;
      const { id } = request.params;
      const trigger = { kind: 'manual' as const, id: actor, cause: { retryOf: id } };
      const { build, isNew } = await builds.retry(id, trigger, (tx, made) => {
        const details = { build: made.build.id, isNew: made.isNew };
        return recordAudit(tx, { actor, action: 'build.retry', subject: id, details });
      });
      return reply
        .code(isNew ? 201 : 200)
        .header('location', `/v1/builds/${build.id}`)
        .send(build);
    },
  );
  app.get(
    '/v1/workers',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the build workers that live, and what each does',
        response: { 200: z.array(BuildWorker) },
      },
    },
    async () => builds.workers(),
  );
  app.get(
    '/v1/builds/:id/artifacts',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the artifacts of a build, with sizes and digests',
        params: ById,
        response: { 200: Build.shape.artifacts },
      },
    },
    async ({ params }) => (await getBuild(db, params.id)).artifacts,
  );
  app.get(
    '/v1/builds/:id/log',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Read the log of a build, from a byte on',
        params: ById,
        querystring: z.strictObject({ from: whole(0, Number.MAX_SAFE_INTEGER, 0) }),
        produces: ['text/plain'],
      },
    },
    async ({ params, query }, reply) => {
      await getBuild(db, params.id);
      const path = store.artifactPath(params.id, 'build.log');
      return sendFile(reply, { path, type: 'text/plain; charset=utf-8', from: query.from });
    },
  );
  app.get(
    '/v1/builds/:id/artifacts/:name',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Download an artifact of a build, whole or a range of it',
        params: ById.extend({ name: ArtifactName }),
        produces: ['application/octet-stream'],
      },
    },
    async (request, reply) => {
      const { id, name } = request.params;
      const build = await getBuild(db, id);
      const artifact = build.artifacts.find((known) => known.name === name);
      if (artifact === undefined) {
        const known = build.artifacts.map((other) => other.name).join(', ') || 'none yet';
        throw new SlipwayError('NOT_FOUND', `Build ${id} has no artifact ${name}; it has: ${known}.`);
      }
      return sendArtifact(request, reply, { ...artifact, path: store.artifactPath(id, name) });
    },
  );
};
