import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { TenantId } from './ids.ts';

/** The audit log: who changed what, chained so that nothing is taken out or altered unnoticed. */
const Hash = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

export const AuditEntry = z.object({
  tenant: TenantId,
  /** counts the entries of a tenant from 1, without holes */
  sequence: z.int().min(1),
  at: z.iso.datetime(),
  /** who: the name of a user or token, `device:ID`, or what of the server did it */
  actor: z.string(),
  /** what, such as `release.publish` */
  action: z.string(),
  /** on what: the id of a device, a release … */
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  /** `hash` of the entry before; 64 zeros for the first */
  previous: Hash,
  /** SHA-256 over `previous`, `sequence` and what the entry says; docs/audit.md has it exactly */
  hash: Hash,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The end of the chain: who keeps it elsewhere notices if entries are cut off later. */
export const AuditHead = z.object({ sequence: z.int().min(0), hash: Hash });
export type AuditHead = z.infer<typeof AuditHead>;

/** `previous` of the first entry. */
export const AUDIT_ORIGIN = '0'.repeat(64);

/** What the digest of an entry is made over: everything that it says. */
export const encodeAuditContent = ({
  tenant,
  at,
  actor,
  action,
  subject,
  details,
}: Omit<AuditEntry, 'sequence' | 'previous' | 'hash'>): string =>
  canonicalJson({ tenant, at, actor, action, subject, details });

/** What its hash is made over. @param content SHA-256 of `encodeAuditContent`, in hexadecimal digits */
export const encodeAuditLink = (
  { previous, sequence }: Pick<AuditEntry, 'previous' | 'sequence'>,
  content: string,
): string => `${previous}\n${sequence}\n${content}`;

/** What of the log a list shows. */
export const AuditFilter = z.strictObject({
  actor: z.string().max(256).optional(),
  action: z.string().max(256).optional().describe('One action, or all that begin with it: release.'),
  subject: z.string().max(256).optional(),
  since: z.iso.datetime().optional().describe('From this moment on.'),
  until: z.iso.datetime().optional().describe('Before this moment.'),
  order: z.enum(['newest', 'oldest']).default('newest').describe('Which comes first.'),
});
export type AuditFilter = z.infer<typeof AuditFilter>;
