import { z } from 'zod';
import { GroupId, SessionId, TokenId, UserId } from './ids.ts';
import { Access, Role } from './roles.ts';

/** People: users, their sessions, and tokens for what acts on their behalf. */
const time = z.iso.datetime();

export const UserName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._@-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits, and . _ @ - between them, at most 63',
  );
export type UserName = z.infer<typeof UserName>;

/** Long ones may be sentences; what counts is length, so nothing is said of its kinds of characters. */
export const Password = z
  .string()
  .min(12, 'expected at least 12 characters')
  .max(256, 'expected at most 256 characters');

/** A role that counts for the devices of a group only. */
export const GroupRole = z.strictObject({ group: GroupId, role: Role });
export type GroupRole = z.infer<typeof GroupRole>;

export const User = z.object({
  id: UserId,
  name: UserName,
  /** for the whole fleet; null: only what `groupRoles` gives */
  role: Role.nullable(),
  groupRoles: z.array(GroupRole),
  disabledAt: time.nullable(),
  createdAt: time,
  passwordChangedAt: time,
});
export type User = z.infer<typeof User>;

const groupRoles = z
  .array(GroupRole)
  .max(64)
  .refine((list) => new Set(list.map(({ group }) => group)).size === list.length, 'expected each group once');

export const UserCreate = z.strictObject({
  name: UserName,
  password: Password,
  role: Role.nullable().default(null),
  groupRoles: groupRoles.default([]),
});
export type UserCreate = z.infer<typeof UserCreate>;

/** What is absent stays as it is. */
export const UserChange = z.strictObject({
  role: Role.nullable().optional(),
  groupRoles: groupRoles.optional(),
  /** true: sessions end and tokens are void at once */
  disabled: z.boolean().optional(),
});
export type UserChange = z.infer<typeof UserChange>;

/** Whether the first user is still to be made; asked by who has no session yet. */
export const SetupState = z.object({ needed: z.boolean() });
export type SetupState = z.infer<typeof SetupState>;

/** Makes the first user, who is admin. */
export const Setup = z.strictObject({
  token: z.string().max(256).describe('From the file setup-token in the data directory of the server.'),
  name: UserName,
  password: Password,
});
export type Setup = z.infer<typeof Setup>;

/** Whatever was typed: what is no name or password is wrong like any other. */
export const Login = z.strictObject({
  name: z.string().max(256),
  password: z.string().max(256),
  cookie: z
    .boolean()
    .default(false)
    .describe('Whether the session is to be kept in a cookie, as browsers do, and not told.'),
});
export type Login = z.infer<typeof Login>;

export const PasswordChange = z.strictObject({ current: z.string().max(256), password: Password });
export type PasswordChange = z.infer<typeof PasswordChange>;
export const PasswordSet = z.strictObject({ password: Password });

export const Session = z.object({
  id: SessionId,
  user: UserId,
  userName: UserName,
  /** of a browser, or of a program that holds its token */
  kind: z.enum(['cookie', 'bearer']),
  createdAt: time,
  lastSeenAt: time,
  /** at the latest; it ends before that if it is not used */
  expiresAt: time,
  address: z.string(),
  agent: z.string(),
  /** whether it is the one that asks */
  isThis: z.boolean(),
});
export type Session = z.infer<typeof Session>;

export const LoggedIn = z.object({
  session: Session,
  /** only of a session that is kept in no cookie; told once */
  token: z.string().optional(),
});
export type LoggedIn = z.infer<typeof LoggedIn>;

export const ApiToken = z.object({
  id: TokenId,
  name: z.string(),
  /** whose it is; null: of the server itself, such as that in the data directory */
  user: UserId.nullable(),
  userName: UserName.nullable(),
  /** what it is for; it may never do more than its user */
  scopes: z.array(Access),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
  revokedAt: time.nullable(),
  /** told once, by the answer that made it */
  token: z.string().optional(),
});
export type ApiToken = z.infer<typeof ApiToken>;

export const ApiTokenCreate = z.strictObject({
  name: UserName,
  scopes: z.array(Access).min(1).max(Access.options.length),
  days: z.int().min(1).max(3650).optional().describe('How long it is good; absent: until it is revoked.'),
});
export type ApiTokenCreate = z.infer<typeof ApiTokenCreate>;

/** Who asks, and what they may. */
export const Me = z.object({
  name: z.string(),
  /** null: a token of the server itself */
  user: User.nullable(),
  kind: z.enum(['cookie', 'bearer', 'token']),
  /** on the whole fleet */
  access: z.array(Access),
  /** on the devices of groups */
  groups: z.array(z.object({ group: GroupId, access: z.array(Access) })),
});
export type Me = z.infer<typeof Me>;
