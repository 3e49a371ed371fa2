import { getComponent, getImage, listComponents, listImages } from '@slipway/fleet';
import {
  BuiltComponent,
  BuiltImage,
  ComponentFilter,
  ComponentId,
  ImageFilter,
  ImageId,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

/** What went into builds. */
export const buildInputRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/components',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Components'],
        summary: 'List components that builds were made of',
        querystring: PageQuery.extend(ComponentFilter.shape),
        response: { 200: z.array(BuiltComponent) },
      },
    },
    async (request) => listComponents(db, actorOf(request).tenant, request.query),
  );
  app.get(
    '/v1/components/:id',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Components'],
        summary: 'Show a component and the releases that hold it',
        params: z.strictObject({ id: ComponentId }),
        response: { 200: BuiltComponent },
      },
    },
    async (request) => getComponent(db, actorOf(request).tenant, request.params.id),
  );
  app.get(
    '/v1/images',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Images'],
        summary: 'List image files, text by text, that builds were made from',
        querystring: PageQuery.extend(ImageFilter.shape),
        response: { 200: z.array(BuiltImage) },
      },
    },
    async (request) => listImages(db, actorOf(request).tenant, request.query),
  );
  app.get(
    '/v1/images/:id',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Images'],
        summary: 'Show an image file and the releases that were built from it',
        params: z.strictObject({ id: ImageId }),
        response: { 200: BuiltImage },
      },
    },
    async (request) => getImage(db, actorOf(request).tenant, request.params.id),
  );
};
