import { ClassName, DeviceClass } from '@slipway/protocol';
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
        summary: 'Show a device class',
        params: z.strictObject({ name: ClassName }),
        response: { 200: DeviceClass },
      },
    },
    async ({ params }) => images.get(params.name),
  );
};
