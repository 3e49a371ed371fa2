import { recordAudit } from '@slipway/fleet';
import { Retention, RetentionReport, RetentionRun } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['Retention'];

export const retentionRoutes = (app: App, { db, retention }: Context): void => {
  app.get(
    '/v1/retention',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Show for how long things are kept that nothing needs any more',
        response: { 200: Retention },
      },
    },
    async () => ({ limits: retention.limits }),
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
    async (request) => {
      const { dryRun } = request.body;
      const report = await retention.run(dryRun);
      if (!dryRun)
        await recordAudit(db, {
          actor: actorOf(request).name,
          action: 'retention.run',
          subject: 'store',
          details: { items: report.items },
        });
      return report;
    },
  );
};
