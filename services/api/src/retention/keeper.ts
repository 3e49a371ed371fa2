import type { Database } from '@slipway/fleet';
import type { RetainedKind, RetentionAmount, RetentionLimits } from '@slipway/protocol';
import type { Redis } from 'ioredis';

/** What is to be kept, and where it lies. */
export type Stock = {
  readonly db: Database;
  readonly redis: Redis;
  readonly storeDir: string;
  readonly limits: RetentionLimits;
};

/** One kind of what is kept for a time. */
export type Keeper = {
  readonly kind: RetainedKind;
  readonly look: (now: Date) => Promise<{ readonly there: RetentionAmount; readonly due: RetentionAmount }>;
  /**
   * Removes what is due, in small steps, each whole in itself: one that is broken off is gone on with by the next.
   *
   * @returns more: it took as much as a pass may, and left the rest
   */
  readonly remove: (now: Date) => Promise<RetentionAmount & { readonly more: boolean }>;
};

/** So much of a kind goes in a pass: others wait for the same disk and database. */
export const MAX_ROWS_OF_PASS = 10_000;
export const MAX_FOLDERS_OF_PASS = 200;
