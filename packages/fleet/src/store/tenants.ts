import { eq } from 'drizzle-orm';
import type { Tenant, TenantId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { tenants } from '../schema.ts';
import { found } from './not-found.ts';

const toTenant = ({ id, name, createdAt }: typeof tenants.$inferSelect): Tenant => ({
  id,
  name,
  createdAt: createdAt.toISOString(),
});

/** @throws {SlipwayError} NOT_FOUND */
export const getTenant = async (db: Database, id: TenantId): Promise<Tenant> =>
  toTenant(found(await db.select().from(tenants).where(eq(tenants.id, id)), 'tenant', id));

/** @throws {SlipwayError} NOT_FOUND */
export const renameTenant = async (db: Database, id: TenantId, name: string): Promise<Tenant> =>
  toTenant(found(await db.update(tenants).set({ name }).where(eq(tenants.id, id)).returning(), 'tenant', id));
