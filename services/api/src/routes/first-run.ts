import { firstRunSteps, recordAudit, toFirstRunSteps } from '@slipway/fleet';
import { ExampleImages, FirstRun, messageOf } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['First run'];

/** For whoever has an installation with nothing in it, and wants to see a device updated. */
export const firstRunRoutes = (app: App, { db, images, examples, virtualDevices }: Context): void => {
  app.get(
    '/v1/first-run',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Show which steps to a first updated device are done',
        response: { 200: FirstRun },
      },
    },
    async () => {
      const [found, classes, unpacked, example] = await Promise.all([
        firstRunSteps(db),
        images.list().then(
          (list) => ({ list, problem: null }),
          (error: unknown) => ({ list: [], problem: messageOf(error) }),
        ),
        examples.unpacked(),
        examples.isOffered(),
      ]);
      const isUsable = unpacked.length === 0 || found.build !== null;
      const steps = toFirstRunSteps(found, isUsable ? classes.list[0]?.name : undefined);
      return {
        done: steps.every(({ done }) => done),
        steps,
        images: { classes: classes.list.length, problem: classes.problem, unpacked, example },
        virtualDevices: virtualDevices?.max ?? 0,
      };
    },
  );
  app.post(
    '/v1/example-images',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        operationId: 'exampleImages.put',
        summary:
          'Put an example into an image repository without classes, and pack components; downloads some',
        response: { 200: ExampleImages },
      },
    },
    async (request) => {
      const actor = actorOf(request).name;
      // Before files appear, which nothing takes back.
      await recordAudit(db, { actor, action: 'images.example', subject: 'image repository' });
      return examples.put();
    },
  );
};
