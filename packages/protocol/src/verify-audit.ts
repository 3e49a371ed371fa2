import {
  AUDIT_ORIGIN,
  encodeAuditContent,
  encodeAuditLink,
  type AuditEntry,
  type AuditHead,
} from './audit.ts';
import { SlipwayError } from './errors.ts';

const sha256 = async (text: string): Promise<string> => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

export const hashOfAuditEntry = async (entry: Omit<AuditEntry, 'hash'>): Promise<string> =>
  sha256(encodeAuditLink(entry, await sha256(encodeAuditContent(entry))));

const broken = (sequence: number, what: string): SlipwayError =>
  new SlipwayError('AUDIT_BROKEN', `Entry ${sequence} of the audit log ${what}.`, {
    details: { sequence },
  });

/**
 * Walks the log from its first entry to its last.
 *
 * @param head hash of an entry that was the last once; it must still be there, so nothing was cut off since
 * @returns the last entry
 * @throws {SlipwayError} AUDIT_BROKEN, naming the first entry that is not as it was written
 */
export const verifyAudit = async (
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  head?: string,
): Promise<AuditHead> => {
  let last: AuditHead = { sequence: 0, hash: AUDIT_ORIGIN };
  let isHeadThere = head === undefined || head === AUDIT_ORIGIN;
  for await (const entry of entries) {
    const expected = last.sequence + 1;
    if (entry.sequence !== expected)
      throw broken(expected, `is missing: after ${last.sequence} comes ${entry.sequence}`);
    if (entry.previous !== last.hash)
      throw broken(expected, `does not follow the one before, which was removed or altered`);
    const hash = await hashOfAuditEntry(entry);
    if (entry.hash !== hash)
      throw broken(expected, `was altered: expected hash ${hash}, found ${entry.hash}`);
    last = { sequence: entry.sequence, hash };
    isHeadThere ||= hash === head;
  }
  if (isHeadThere) return last;
  throw new SlipwayError(
    'AUDIT_BROKEN',
    `The audit log ends at entry ${last.sequence} and has none with the hash ${head}: what came before was altered, or its end was cut off.`,
    { details: { sequence: last.sequence + 1 } },
  );
};
