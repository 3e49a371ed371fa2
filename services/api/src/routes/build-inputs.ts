import type { FastifyRequest } from 'fastify';
import { getComponent, getImage, isInReach, listComponents, listImages } from '@slipway/fleet';
import {
  BuiltComponent,
  BuiltImage,
  ComponentFilter,
  ComponentId,
  ComponentPackage,
  ImageFilter,
  ImageId,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { packagesOfComponent } from '../insight/component-packages.ts';
import { PageQuery, type App, type Context } from './context.ts';

/** What went into builds. */
export const buildInputRoutes = (app: App, { db, store }: Context): void => {
  const near = (request: FastifyRequest) => isInReach(db, reachOfRequest(request), new Date());
  app.get(
    '/v1/components',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags: ['Components'],
        summary: 'List components that builds were made of',
        querystring: PageQuery.extend(ComponentFilter.shape),
        response: { 200: z.array(BuiltComponent) },
      },
    },
    async (request) => listComponents(db, actorOf(request).tenant, request.query, await near(request)),
  );
  app.get(
    '/v1/components/:id',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags: ['Components'],
        summary: 'Show a component and the releases that hold it',
        params: z.strictObject({ id: ComponentId }),
        response: { 200: BuiltComponent },
      },
    },
    async (request) => getComponent(db, actorOf(request).tenant, request.params.id, await near(request)),
  );
  app.get(
    '/v1/components/:id/packages',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Components'],
        summary: 'List the packages in a component, by the list of contents of the last build with it',
        params: z.strictObject({ id: ComponentId }),
        response: { 200: z.array(ComponentPackage) },
      },
    },
    async ({ params }) => packagesOfComponent(db, store, params.id),
  );
  app.get(
    '/v1/images',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags: ['Images'],
        summary: 'List image files, text by text, that builds were made from',
        querystring: PageQuery.extend(ImageFilter.shape),
        response: { 200: z.array(BuiltImage) },
      },
    },
    async (request) => listImages(db, actorOf(request).tenant, request.query, await near(request)),
  );
  app.get(
    '/v1/images/:id',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags: ['Images'],
        summary: 'Show an image file and the releases that were built from it',
        params: z.strictObject({ id: ImageId }),
        response: { 200: BuiltImage },
      },
    },
    async (request) => getImage(db, actorOf(request).tenant, request.params.id, await near(request)),
  );
};
