import { bigint, text, timestamp } from 'drizzle-orm/pg-core';
import { DEFAULT_TENANT, type TenantId } from '@slipway/protocol';
import { tenants } from './tenants.ts';

/** Columns that many tables have. */
export const tenant = () =>
  text('tenant')
    .$type<TenantId>()
    .notNull()
    .default(DEFAULT_TENANT)
    .references(() => tenants.id);
export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
/** Bytes, and numbers that devices choose: the protocol lets them be as large as JavaScript counts. */
export const large = (name: string) => bigint(name, { mode: 'number' });
