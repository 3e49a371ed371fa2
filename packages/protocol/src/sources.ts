import { z } from 'zod';
import { SourceId } from './ids.ts';

/** Git repositories that hold image repositories: where class files and image files come from. */
const time = z.iso.datetime();

/** Never like an id, so that either names a source. */
export const SourceName = z
  .string()
  .regex(
    /^(?!src_)[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits, and . _ - between them, at most 63, not beginning with src_',
  );
export type SourceName = z.infer<typeof SourceName>;

/** Credentials are never part of it: they would be shown, logged and kept in the configuration of git. */
export const SourceUrl = z
  .string()
  .max(1024)
  .regex(
    /^(?:https:\/\/[A-Za-z0-9.-]+(?::\d+)?\/[\x21-\x7e]+|ssh:\/\/(?:[\w.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\/[\x21-\x7e]+|[A-Za-z0-9][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?!\/)[\x21-\x7e]+|file:\/\/\/[\x21-\x7e]+)$/,
    'https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or file:///PATH, without a password',
  );
export type SourceUrl = z.infer<typeof SourceUrl>;

/** What `git check-ref-format --branch` lets through, of printable ASCII. */
export const BranchName = z
  .string()
  .max(200)
  .regex(
    /^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[!-)+-9;->@-Z\]_-}]+(?<![/.])$/,
    'the name of a branch, such as main or release/2.0',
  );
export type BranchName = z.infer<typeof BranchName>;

export const CommitId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'the whole id of a commit');
export type CommitId = z.infer<typeof CommitId>;

/** Kept sealed on the server, and never shown again. */
export const SourceCredentials = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('token'),
    /** what the forge wants beside a token: GitHub takes any, GitLab `oauth2`, Gitea the user */
    username: z
      .string()
      .regex(/^[\x21-\x39\x3b-\x7e]{1,200}$/, 'printable, without a colon')
      .default('git'),
    token: z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'printable, without spaces'),
  }),
  z.strictObject({
    kind: z.literal('ssh'),
    /** as OpenSSH writes it, without a passphrase */
    privateKey: z.string().min(1).max(16_384),
    /** lines of a `known_hosts` file; a host that is not in it is refused */
    knownHosts: z.string().min(1).max(16_384),
  }),
]);
export type SourceCredentials = z.infer<typeof SourceCredentials>;

export const SourceCreate = z.strictObject({
  name: SourceName,
  url: SourceUrl,
  /** the one that builds are made from unless a trigger says otherwise */
  branch: BranchName.default('main'),
  credentials: SourceCredentials.optional(),
});
export type SourceCreate = z.infer<typeof SourceCreate>;

/** What is left out stays as it is. */
export const SourceChange = z.strictObject({
  name: SourceName.optional(),
  url: SourceUrl.optional(),
  branch: BranchName.optional(),
  /** null: none any more */
  credentials: SourceCredentials.nullable().optional(),
});
export type SourceChange = z.infer<typeof SourceChange>;

export const Source = z.object({
  id: SourceId,
  name: SourceName,
  url: SourceUrl,
  branch: BranchName,
  /** what kind there is; the secret itself is never shown */
  credentials: z.enum(['token', 'ssh']).nullable(),
  /** of its branch, when it was last fetched */
  commit: CommitId.nullable(),
  fetchedAt: time.nullable(),
  /** why it could not be fetched the last time */
  code: z.string().nullable(),
  message: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
});
export type Source = z.infer<typeof Source>;
