import { changeView, createView, deleteView, listViews, reachOf, type Viewer } from '@slipway/fleet';
import { SlipwayError, View, ViewChange, ViewCreate, ViewId } from '@slipway/protocol';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf, personOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['Devices'];
const ById = z.strictObject({ id: ViewId });

const viewerOf = (request: FastifyRequest): Viewer => ({
  owner: personOf(request),
  isAdmin: reachOf(actorOf(request), 'admin') === 'fleet',
});

/** What all see is for those who work with devices to say. @throws {SlipwayError} FORBIDDEN */
const refuseSharing = (request: FastifyRequest, shared: boolean | undefined): void => {
  if (shared !== true || reachOf(actorOf(request), 'operate').length > 0) return;
  throw new SlipwayError('FORBIDDEN', 'To share a view takes the access operate. Save it for yourself.');
};

export const viewRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/views',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List saved lists of devices: the own, and those that are shared',
        response: { 200: z.array(View) },
      },
    },
    async (request) => listViews(db, viewerOf(request)),
  );
  app.post(
    '/v1/views',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Save a query with its columns and order under a name',
        body: ViewCreate,
        response: { 201: View },
      },
    },
    async (request, reply) => {
      refuseSharing(request, request.body.shared);
      return reply.code(201).send(await createView(db, viewerOf(request), request.body, new Date()));
    },
  );
  app.patch(
    '/v1/views/:id',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Change a saved list: the own, or as admin one that is shared',
        params: ById,
        body: ViewChange,
        response: { 200: View },
      },
    },
    async (request) => {
      refuseSharing(request, request.body.shared);
      return changeView(db, viewerOf(request), request.params.id, request.body, new Date());
    },
  );
  app.delete(
    '/v1/views/:id',
    {
      config: { access: 'read', groups: 'any' },
      schema: { tags, summary: 'Delete a saved list', params: ById, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await deleteView(db, viewerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
};
