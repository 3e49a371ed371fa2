import { changeSource, createSource, deleteSource, getSource, listSources } from '@slipway/fleet';
import { DeviceClass, Source, SourceChange, SourceCreate, SourceId, SourceName } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Sources'];
const ByName = z.strictObject({ id: z.union([SourceId, SourceName]).describe('id or name') });

export const sourceRoutes = (app: App, { db, sources, triggers }: Context): void => {
  app.get(
    '/v1/sources',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List git repositories that builds are made from, by name',
        querystring: PageQuery,
        response: { 200: z.array(Source) },
      },
    },
    async ({ query }) => listSources(db, query),
  );
  app.post(
    '/v1/sources',
    {
      // The server goes where the URL says, with what it is given.
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Name a git repository to build from; its credentials are never shown again',
        body: SourceCreate,
        response: { 201: Source },
      },
    },
    async (request, reply) => {
      const by = { actor: actorOf(request).name, seal: sources.seal };
      const source = await createSource(db, request.body, by, new Date());
      triggers.look();
      return reply.code(201).header('location', `/v1/sources/${source.id}`).send(source);
    },
  );
  app.get(
    '/v1/sources/:id',
    {
      config: { access: 'read' },
      schema: { tags, summary: 'Show a source', params: ByName, response: { 200: Source } },
    },
    async ({ params }) => getSource(db, params.id),
  );
  app.patch(
    '/v1/sources/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Change a source; with another URL its credentials are gone unless they are given anew',
        params: ByName,
        body: SourceChange,
        response: { 200: Source },
      },
    },
    async (request) => {
      const by = { actor: actorOf(request).name, seal: sources.seal };
      const source = await changeSource(db, request.params.id, request.body, by, new Date());
      triggers.look();
      return source;
    },
  );
  app.delete(
    '/v1/sources/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Forget a source that no trigger builds from; builds of it stay',
        params: ByName,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await sources.forget(await deleteSource(db, request.params.id, actorOf(request).name));
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/v1/sources/:id/fetch',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Fetch the branch of a source now, to see that it can be reached',
        params: ByName,
        response: { 200: Source },
      },
    },
    async ({ params }) => {
      await sources.fetch(params.id);
      triggers.look();
      return getSource(db, params.id);
    },
  );
  app.get(
    '/v1/sources/:id/device-classes',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'List the device classes on the branch of a source, which is fetched for that',
        params: ByName,
        response: { 200: z.array(DeviceClass) },
      },
    },
    async ({ params }) => {
      await using checkout = await sources.checkOut(params.id);
      return await checkout.images.list();
    },
  );
};
