import { and, count, desc, eq, inArray, isNull, lte, sql } from 'drizzle-orm';
import type { RolloutFailures, RolloutId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { executions } from '../schema.ts';

const EXAMPLES = 5;
const FAILED = ['REJECTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT'] as const;

/** Why devices of a rollout failed, most first. Of a device that was offered it again only the last outcome counts. */
export const listFailures = async (db: Database, rollout: RolloutId): Promise<RolloutFailures[]> => {
  const last = db
    .selectDistinctOn([executions.device])
    .from(executions)
    .where(and(eq(executions.rollout, rollout), isNull(executions.haltedAt)))
    .orderBy(executions.device, desc(executions.createdAt))
    .as('last');
  const code = sql<string>`coalesce(${last.code}, ${last.state})`;
  const failed = db
    .select({
      code: code.as('failed_code'),
      devices: sql<number>`(${count()} over (partition by ${code}))::int`.as('devices'),
      nth: sql<number>`row_number() over (partition by ${code} order by ${last.updatedAt} desc, ${last.device})`.as(
        'nth',
      ),
      device: last.device,
      execution: last.id,
      wave: last.wave,
      state: last.state,
      message: last.message,
      log: last.log,
      at: last.updatedAt,
    })
    .from(last)
    .where(inArray(last.state, [...FAILED]))
    .as('failed');
  const rows = await db
    .select()
    .from(failed)
    .where(lte(failed.nth, EXAMPLES))
    .orderBy(desc(failed.devices), failed.code, failed.nth);
  return [...Map.groupBy(rows, (row) => row.code)].map(([name, examples]) => ({
    code: name,
    devices: examples[0]?.devices ?? 0,
    examples: examples.map(({ device, execution, wave, state, message, log, at }) => ({
      device,
      execution,
      wave,
      state,
      message,
      log,
      at: at.toISOString(),
    })),
  }));
};
