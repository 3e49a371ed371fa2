import { Retention, RetentionReport, RetentionRun } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['Retention'];

export const retentionRoutes = (app: App, { retention }: Context): void => {
  app.get(
    '/v1/retention',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Show for how long things are kept that nothing needs any more, and what of them is there',
        response: { 200: Retention },
      },
    },
    () => retention.show(),
  );
  app.post(
    '/v1/retention/run',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Remove what is past its time now, or only tell what would go',
        body: RetentionRun,
        response: { 200: RetentionReport },
      },
    },
    (request) => (request.body.dryRun ? retention.dryRun() : retention.run(actorOf(request).name)),
  );
};
