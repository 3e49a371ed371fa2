import { sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '@slipway/fleet';

/** Rows of a statement, each parsed. */
export const askSql = async <Row extends z.ZodType>(
  db: Database,
  row: Row,
  statement: string | SQL,
): Promise<z.infer<Row>[]> => {
  const result: unknown = await db.execute(typeof statement === 'string' ? sql.raw(statement) : statement);
  return z.object({ rows: z.array(row) }).parse(result).rows;
};
