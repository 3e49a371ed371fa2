import { sql } from 'drizzle-orm';
import { isOverRollout, type RolloutId, type RolloutSummary } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import { learnFrom } from './earlier-updates.ts';
import { listFailures } from './rollout-failures.ts';
import { getRollout } from './rollouts.ts';

const Totals = z.object({
  started: z.coerce.date().nullable(),
  devices: z.int(),
  committed: z.int(),
  canceled: z.int(),
  received: z.coerce.number(),
  reused: z.coerce.number(),
});

/** What came of a rollout so far. @throws {SlipwayError} NOT_FOUND */
export const rolloutSummary = async (db: Database, id: RolloutId, now: Date): Promise<RolloutSummary> => {
  const rollout = await getRollout(db, id);
  const [totals] = await rowsOf(
    db,
    Totals,
    sql`select min(created_at) as started, count(distinct device)::int as devices,
      count(*) filter (where state = 'COMMITTED' and not superseded)::int as committed,
      count(*) filter (where state = 'CANCELED' and not superseded)::int as canceled,
      coalesce(sum(bytes_received), 0) as received, coalesce(sum(bytes_reused), 0) as reused
      from executions where rollout = ${id} and halted_at is null`,
  );
  const failures = await listFailures(db, id);
  const { likely, slow } = await learnFrom(db, [id]);
  const started = totals?.started ?? null;
  const end = isOverRollout(rollout.state) ? new Date(rollout.finishedAt ?? now) : now;
  const pace = (of: 'prepare' | 'restart') =>
    likely === null || slow === null ? null : { half: likely[of], most: slow[of] };
  return {
    rollout: id,
    release: rollout.release,
    version: rollout.version,
    deviceClass: rollout.deviceClass,
    state: rollout.state,
    startedAt: started?.toISOString() ?? null,
    finishedAt: rollout.finishedAt,
    seconds: started === null ? null : Math.max(0, Math.round((end.getTime() - started.getTime()) / 1000)),
    devices: totals?.devices ?? 0,
    committed: totals?.committed ?? 0,
    failed: rollout.waves.reduce((sum, wave) => sum + wave.failed, 0),
    back: rollout.waves.reduce((sum, wave) => sum + (wave.back?.done ?? 0), 0),
    canceled: totals?.canceled ?? 0,
    bytes: { received: totals?.received ?? 0, reused: totals?.reused ?? 0 },
    prepare: pace('prepare'),
    restart: pace('restart'),
    failures: failures.map(({ code, devices }) => ({ code, devices })),
  };
};
