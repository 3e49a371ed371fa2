import { bigint, integer, pgTable } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/** When this database was put back from a backup. What was given out since the backup is not known here any more. */
export const restores = pgTable('restores', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: at('at').notNull(),
  backupMadeAt: at('backup_made_at').notNull(),
  /** sequence numbers of desired states that are given from then on are above it */
  seqBase: integer('seq_base').notNull(),
});
