import { and, count, eq, gt, inArray, ne, or, sql } from 'drizzle-orm';
import type { DeliveryVerdict, ErrorCode, RunId, TriggerDelivery, TriggerId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newDeliveryId } from '../new-id.ts';
import { builds, triggerDeliveries, triggeredBuilds, triggerRuns } from '../schema.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { joinRun, type NewRun } from './trigger-runs.ts';

type Row = typeof triggerDeliveries.$inferSelect;

export type NewDelivery = {
  readonly trigger: TriggerId;
  readonly event: string;
  readonly eventId?: string | null | undefined;
  readonly bodySha256?: string | null | undefined;
  readonly verdict: DeliveryVerdict;
  readonly code?: ErrorCode | undefined;
  readonly reason: string;
  readonly facts?: Record<string, unknown> | undefined;
  /** what an accepted one is to become */
  readonly run?: { readonly asked: NewRun; readonly windowMs: number } | undefined;
};

/** Of those refused, so many an hour are kept of a trigger: anybody can send such, and the newest say enough. */
const REFUSED_KEPT = 50;
const HOUR_MS = 3_600_000;

/**
 * Records what came, and what is to become of it, at once. What has come before, by the id of its event or by its body,
 * is counted there and becomes nothing.
 *
 * @returns delivery undefined: too many like it were refused, so it is not kept
 */
export const recordDelivery = (
  db: Database,
  asked: NewDelivery,
  now: Date,
): Promise<{ readonly delivery: Row | undefined; readonly replayed: boolean }> =>
  db.transaction(async (tx) => {
    const { trigger, eventId = null, bodySha256 = null } = asked;
    if (asked.verdict === 'refused' && (await refusedLately(tx, trigger, now)) >= REFUSED_KEPT)
      return { delivery: undefined, replayed: false };
    const values = {
      id: newDeliveryId(),
      trigger,
      event: asked.event,
      eventId,
      bodySha256,
      verdict: asked.verdict,
      code: asked.code ?? null,
      reason: asked.reason,
      facts: asked.facts ?? {},
      at: now,
    };
    const [row] = await tx.insert(triggerDeliveries).values(values).onConflictDoNothing().returning();
    if (row === undefined) {
      const same = or(
        eventId === null ? undefined : eq(triggerDeliveries.eventId, eventId),
        bodySha256 === null ? undefined : eq(triggerDeliveries.bodySha256, bodySha256),
      );
      const [earlier] = await tx
        .update(triggerDeliveries)
        .set({ replays: sql`${triggerDeliveries.replays} + 1`, replayedAt: now })
        .where(and(eq(triggerDeliveries.trigger, trigger), ne(triggerDeliveries.verdict, 'refused'), same))
        .returning();
      return { delivery: earlier, replayed: true };
    }
    if (asked.run === undefined) return { delivery: row, replayed: false };
    const run = await joinRun(tx, asked.run.asked, asked.run.windowMs, now);
    await tx.update(triggerDeliveries).set({ run }).where(eq(triggerDeliveries.id, row.id));
    return { delivery: { ...row, run }, replayed: false };
  });

const refusedLately = async (db: Database, trigger: TriggerId, now: Date): Promise<number> => {
  const [row] = await db
    .select({ count: count() })
    .from(triggerDeliveries)
    .where(
      and(
        eq(triggerDeliveries.trigger, trigger),
        eq(triggerDeliveries.verdict, 'refused'),
        gt(triggerDeliveries.at, new Date(now.getTime() - HOUR_MS)),
      ),
    );
  return row?.count ?? 0;
};

const toDeliveries = async (db: Database, rows: readonly Row[]): Promise<TriggerDelivery[]> => {
  const runs = rows.flatMap(({ run }): RunId[] => (run === null ? [] : [run]));
  const states =
    runs.length === 0 ? [] : await db.select().from(triggerRuns).where(inArray(triggerRuns.id, runs));
  const made =
    runs.length === 0
      ? []
      : await db
          .select({ row: triggeredBuilds, buildState: builds.state })
          .from(triggeredBuilds)
          .leftJoin(builds, eq(builds.id, triggeredBuilds.build))
          .where(inArray(triggeredBuilds.run, runs))
          .orderBy(triggeredBuilds.deviceClass);
  return rows.map((row) => {
    const run = states.find(({ id }) => id === row.run);
    return {
      id: row.id,
      trigger: row.trigger,
      event: row.event,
      eventId: row.eventId,
      verdict: row.verdict,
      code: row.code,
      reason: row.reason,
      facts: row.facts,
      replays: row.replays,
      replayedAt: row.replayedAt?.toISOString() ?? null,
      run: run === undefined ? null : { state: run.state, code: run.code, message: run.message },
      builds: made
        .filter(({ row: { run: of } }) => of === row.run)
        .map(
          ({ row: { deviceClass, state, code, message, build, channel, release, rollout }, buildState }) => ({
            deviceClass,
            state,
            code,
            message,
            build,
            buildState,
            channel,
            release,
            rollout,
          }),
        ),
      at: row.at.toISOString(),
    };
  });
};

/** Newest first. */
export const listDeliveries = async (
  db: Database,
  page: Page & { readonly trigger: TriggerId; readonly verdict?: DeliveryVerdict | undefined },
): Promise<Paged<TriggerDelivery>> => {
  const filter = and(
    eq(triggerDeliveries.trigger, page.trigger),
    page.verdict === undefined ? undefined : eq(triggerDeliveries.verdict, page.verdict),
  );
  const keys = keyset(page, { by: [triggerDeliveries.at, triggerDeliveries.id], direction: 'desc' });
  const rows = await db
    .select({ row: triggerDeliveries, key: keys.key })
    .from(triggerDeliveries)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (found) => toDeliveries(db, found),
    () => db.$count(triggerDeliveries, filter),
  );
};
