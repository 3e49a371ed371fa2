import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type {
  Access,
  GroupRole,
  Role,
  Session,
  SessionId,
  TokenId,
  UserId,
  UserName,
} from '@slipway/protocol';
import { at, tenant } from './columns.ts';

export const users = pgTable(
  'users',
  {
    id: text('id').$type<UserId>().primaryKey(),
    tenant: tenant(),
    name: text('name').$type<UserName>().notNull(),
    /** argon2id, with its parameters and salt */
    password: text('password').notNull(),
    role: text('role').$type<Role>(),
    groupRoles: jsonb('group_roles').$type<GroupRole[]>().notNull().default([]),
    disabledAt: at('disabled_at'),
    createdAt: at('created_at').notNull(),
    passwordChangedAt: at('password_changed_at').notNull(),
  },
  (table) => [uniqueIndex('users_name').on(table.tenant, table.name)],
);

export const sessions = pgTable(
  'sessions',
  {
    /** of what the browser or program holds */
    sha256: text('sha256').primaryKey(),
    id: text('id').$type<SessionId>().notNull().unique(),
    tenant: tenant(),
    user: text('user')
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<Session['kind']>().notNull(),
    address: text('address').notNull(),
    agent: text('agent').notNull(),
    createdAt: at('created_at').notNull(),
    lastSeenAt: at('last_seen_at').notNull(),
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [index('sessions_user').on(table.user), index('sessions_expires').on(table.expiresAt)],
);

/** Of the server itself, with a role; or of a user, with scopes. */
export const tokens = pgTable(
  'tokens',
  {
    sha256: text('sha256').primaryKey(),
    id: text('id')
      .$type<TokenId>()
      .notNull()
      .unique()
      .default(sql`'tok_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)`),
    tenant: tenant(),
    name: text('name').notNull(),
    role: text('role').$type<Role>(),
    user: text('user')
      .$type<UserId>()
      .references(() => users.id, { onDelete: 'cascade' }),
    scopes: jsonb('scopes').$type<Access[]>(),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at'),
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
  },
  (table) => [index('tokens_user').on(table.user)],
);

/** Logins that failed lately, by account and by address. */
export const loginFailures = pgTable(
  'login_failures',
  {
    key: text('key').primaryKey(),
    failures: integer('failures').notNull(),
    lastAt: at('last_at').notNull(),
    blockedUntil: at('blocked_until'),
  },
  (table) => [index('login_failures_last').on(table.lastAt)],
);

/** Logins that were refused within a window, counted until the audit log tells of them. */
export const loginRefusals = pgTable(
  'login_refusals',
  {
    tenant: tenant(),
    /** id of the user, or `unknown`, or `several` */
    subject: text('subject').notNull(),
    address: text('address').notNull(),
    name: text('name').$type<UserName>(),
    /** by reason; without the first, which is told at once */
    counts: jsonb('counts').$type<Record<string, number>>().notNull(),
    since: at('since').notNull(),
    lastAt: at('last_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.subject, table.address] }),
    index('login_refusals_since').on(table.since),
  ],
);
