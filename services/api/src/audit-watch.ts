import { getAuditHead, type Database, type FleetEvents } from '@slipway/fleet';
import type { Logger } from 'pino';

const LOOK_MS = 1000;

/**
 * Tells live readers that the log has grown. Entries are written by every process that changes something, each in the
 * transaction of its change, so the log itself is looked at: one row by its index.
 */
export const openAuditWatch = (
  db: Database,
  events: FleetEvents,
  logger: Logger,
  lookMs = LOOK_MS,
): { readonly close: () => Promise<void> } => {
  let known: number | undefined;
  // What another server has told need not be told again.
  const unsubscribe = events.subscribe((event) => {
    if (event.kind === 'audit') known = Math.max(known ?? 0, event.head.sequence);
  });
  const look = async (): Promise<void> => {
    const head = await getAuditHead(db);
    const isFirst = known === undefined;
    if (head.sequence <= (known ?? -1)) return;
    known = head.sequence;
    if (!isFirst) events.publish({ kind: 'audit', head });
  };
  const lookSafely = (): Promise<void> =>
    look().catch((error: unknown) => logger.warn({ err: error }, 'looking at the audit log failed'));
  let last = lookSafely();
  const timer = setInterval(() => {
    last = last.then(lookSafely);
  }, lookMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      unsubscribe();
      await last;
    },
  };
};
