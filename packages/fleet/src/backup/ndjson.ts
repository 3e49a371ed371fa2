import { z } from 'zod';

/**
 * The file of a database: a line with the head; then for each table a line `#` with its columns and a line for each
 * row; then a line `.` with the number of rows. Rows are JSON as PostgreSQL writes it, and never parsed on the way.
 */
export const ExportHead = z.object({
  v: z.literal(1),
  format: z.literal('slipway-database'),
  madeAt: z.iso.datetime(),
  /** of the newest migration that the database has, as the journal of migrations tells it */
  migration: z.int(),
  /** releases whose bundle must be in the store */
  bundles: z.array(z.string()),
});
export type ExportHead = z.infer<typeof ExportHead>;

export const TableHead = z.object({ table: z.string(), columns: z.array(z.string()) });
export const ExportEnd = z.object({ rows: z.int() });
