import { getAuditHead, listAudit } from '@slipway/fleet';
import { AuditEntry, AuditFilter, AuditHead } from '@slipway/protocol';
import { z } from 'zod';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Audit'];

export const auditRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/audit',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'List what was changed, and by whom',
        querystring: PageQuery.extend(AuditFilter.shape),
        response: { 200: z.array(AuditEntry) },
      },
    },
    async ({ query }) => listAudit(db, query),
  );
  app.get(
    '/v1/audit/head',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Show the end of the log, to be kept elsewhere',
        response: { 200: AuditHead },
      },
    },
    async () => getAuditHead(db),
  );
};
