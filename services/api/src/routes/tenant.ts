import { getTenant, recordAudit, renameTenant } from '@slipway/fleet';
import { Tenant, TenantChange } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['Tenant'];

export const tenantRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/tenant',
    {
      config: { access: 'read', groups: 'any' },
      schema: { tags, summary: 'Show whose fleet this is', response: { 200: Tenant } },
    },
    async (request) => getTenant(db, actorOf(request).tenant),
  );
  app.patch(
    '/v1/tenant',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Rename the tenant; its id stays',
        body: TenantChange,
        response: { 200: Tenant },
      },
    },
    async (request) => {
      const { name, tenant } = actorOf(request);
      return db.transaction(async (tx) => {
        const changed = await renameTenant(tx, tenant, request.body.name);
        await recordAudit(tx, {
          actor: name,
          action: 'tenant.rename',
          subject: tenant,
          details: { name: changed.name },
        });
        return changed;
      });
    },
  );
};
