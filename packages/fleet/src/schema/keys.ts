import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import {
  DEFAULT_PROFILE,
  type KeyId,
  type KeyPurpose,
  type KeyState,
  type SigningProfile,
} from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/** What was signed with or trusted, by what certificates say: public parts only. */
export const keys = pgTable(
  'keys',
  {
    tenant: tenant(),
    id: text('id').$type<KeyId>().notNull(),
    purpose: text('purpose').$type<KeyPurpose>().notNull(),
    /** of what releases are signed and trusted by; others have the default one */
    profile: text('profile').$type<SigningProfile>().notNull().default(DEFAULT_PROFILE),
    /** `expired` is not written: it is what a key is after `notAfter` */
    state: text('state').$type<Exclude<KeyState, 'expired'>>().notNull().default('current'),
    /** PEM of the newest certificate; what follows is in it */
    certificate: text('certificate').notNull(),
    subject: text('subject').notNull(),
    serial: text('serial').notNull(),
    notBefore: at('not_before').notNull(),
    notAfter: at('not_after').notNull(),
    firstSeenAt: at('first_seen').notNull(),
    lastUsedAt: at('last_used').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.id] })],
);
