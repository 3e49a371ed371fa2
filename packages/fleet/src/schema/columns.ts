import { bigint, text, timestamp } from 'drizzle-orm/pg-core';
import { TenantId } from '@slipway/protocol';

/** Columns that many tables have. */
export const tenant = () => text('tenant').$type<TenantId>().notNull().default(TenantId.parse('default'));
export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
/** Bytes, and numbers that devices choose: the protocol lets them be as large as JavaScript counts. */
export const large = (name: string) => bigint(name, { mode: 'number' });
