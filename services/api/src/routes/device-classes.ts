import { ClassName, DeviceClass, DeviceClassDetail } from '@slipway/protocol';
import { z } from 'zod';
import type { App, Context } from './context.ts';

export const deviceClassRoutes = (app: App, { images }: Context): void => {
  app.get(
    '/v1/device-classes',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Device classes'],
        summary: 'List device classes',
        response: { 200: z.array(DeviceClass) },
      },
    },
    async () => images.list(),
  );
  app.get(
    '/v1/device-classes/:name',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags: ['Device classes'],
        summary: 'Show a device class: board, partitions, and what its image is made of',
        params: z.strictObject({ name: ClassName }),
        response: { 200: DeviceClassDetail },
      },
    },
    async ({ params }) => images.detail(params.name),
  );
};
