import { sql, type SQL } from 'drizzle-orm';

/**
 * Ids as one parameter: there may be more of them than a statement takes. They have no character that means something in
 * the literal of an array.
 */
export const idArray = (ids: readonly string[]): SQL => sql`${`{${ids.join(',')}}`}::text[]`;
