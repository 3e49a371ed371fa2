import { sql } from 'drizzle-orm';
import type { RolloutId } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../../backup/export-database.ts';
import type { Database } from '../../database.ts';

const NAMED = 3;
const CODES = 10;
const Group = z.object({ code: z.string(), count: z.coerce.number(), devices: z.array(z.string()) });

/** The same with the devices that failed, by code. */
export const reasonWith = async (tx: Database, rollout: RolloutId, reason: string): Promise<string> => {
  const groups = await rowsOf(
    tx,
    Group,
    sql`select coalesce(code, 'FAILED') as code, count(*) as count, (array_agg(device order by device))[1:${sql.raw(String(NAMED))}] as devices
      from rollout_members where rollout = ${rollout} and state in ('failed', 'unwell')
      group by 1 order by 2 desc, 1 limit ${CODES}`,
  );
  if (groups.length === 0) return reason;
  const told = groups.map(({ code, count, devices }) => {
    const more = count > devices.length ? ` and ${count - devices.length} more` : '';
    return `${code}: ${devices.join(', ')}${more}`;
  });
  return `${reason} (${told.join('; ')})`;
};
