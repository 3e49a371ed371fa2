import type { Command, CommandId } from '@slipway/protocol';

export type Admission =
  | { readonly kind: 'do' }
  /** refused with an answer: somebody waits for it */
  | { readonly kind: 'expired'; readonly late: number }
  /** nobody waits for an answer, or has it already */
  | { readonly kind: 'ignored'; readonly why: string };

const MAX_SEEN = 64;

/**
 * Whether a command is to be done. An id is seen once; commands are never retained, so one that is was sent by mistake or
 * malice and would be repeated at every connection.
 *
 * @param seen ids so far, newest last
 * @param now seconds since 1970
 */
export const admitCommand = (
  seen: readonly CommandId[],
  command: Pick<Command, 'id' | 'expiresAt'>,
  retained: boolean,
  now: number,
): { readonly admission: Admission; readonly seen: readonly CommandId[] } => {
  if (retained) return { admission: { kind: 'ignored', why: 'it is retained' }, seen };
  if (seen.includes(command.id)) return { admission: { kind: 'ignored', why: 'it came before' }, seen };
  const next = [...seen, command.id].slice(-MAX_SEEN);
  const { expiresAt = now } = command;
  return {
    admission: now > expiresAt ? { kind: 'expired', late: now - expiresAt } : { kind: 'do' },
    seen: next,
  };
};
