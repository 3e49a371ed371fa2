import { and, eq, inArray, isNotNull, lt, not, or, sql, type SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { isOverRollout, RolloutState, type RetainedKind, type RetentionLimits } from '@slipway/protocol';
import type { Database } from '../database.ts';
import {
  deviceCommands,
  deviceMetrics,
  devicePresence,
  deviceReports,
  fleetSnapshots,
  loginFailures,
  rolloutMembers,
  rollouts,
  sessions,
  tokens,
  triggerDeliveries,
  triggerRuns,
  webhookDeliveries,
} from '../schema.ts';
import { condenseMetrics, HOURLY_S } from './condense-metrics.ts';
import { FORGET_LOGIN_FAILURES_MS } from './login-failures.ts';
import { SESSION_IDLE_MS } from './sessions.ts';

/** Rows of one step; between steps others have their turn. */
export const RETENTION_BATCH = 500;
const DAY_MS = 86_400_000;

const before = (now: Date, days: number): Date => new Date(now.getTime() - days * DAY_MS);

const OVER = RolloutState.options.filter(isOverRollout);

const isForgotten = ({ rolloutDevicesDays }: RetentionLimits, now: Date): SQL | undefined =>
  and(inArray(rollouts.state, OVER), lt(rollouts.finishedAt, before(now, rolloutDevicesDays)));

type Rows = {
  readonly table: PgTable;
  readonly old: (limits: RetentionLimits, now: Date) => SQL | undefined;
};

/** Which rows of which table are past their time; what hangs on one goes with it. */
const ROWS = {
  // Of each device the newest stays, so that numbers go on.
  reports: {
    table: deviceReports,
    old: ({ reportsDays }, now) =>
      and(
        lt(deviceReports.at, before(now, reportsDays)),
        sql`${deviceReports.seq} < (select max(newest.seq) from device_reports newest
            where newest.tenant = ${deviceReports.tenant} and newest.device = ${deviceReports.device})`,
      ),
  },
  commands: {
    table: deviceCommands,
    old: ({ reportsDays }, now) => lt(deviceCommands.answerBy, before(now, reportsDays)),
  },
  // What is still in points of five minutes is made less of, not removed.
  metrics: {
    table: deviceMetrics,
    old: ({ reportsDays }, now) =>
      and(eq(deviceMetrics.step, HOURLY_S), lt(deviceMetrics.since, before(now, reportsDays))),
  },
  presence: {
    table: devicePresence,
    old: ({ reportsDays }, now) => lt(devicePresence.at, before(now, reportsDays)),
  },
  snapshots: {
    table: fleetSnapshots,
    old: ({ reportsDays }, now) => lt(fleetSnapshots.at, before(now, reportsDays)),
  },
  // What these devices had counts for waves as before.
  'rollout-devices': {
    table: rolloutMembers,
    old: (limits, now) =>
      sql`${rolloutMembers.rollout} in (select id from rollouts where ${isForgotten(limits, now)})`,
  },
  'webhook-deliveries': {
    table: webhookDeliveries,
    old: ({ webhookDeliveriesDays }, now) =>
      lt(webhookDeliveries.finishedAt, before(now, webhookDeliveriesDays)),
  },
  'trigger-deliveries': {
    table: triggerDeliveries,
    old: ({ triggerDeliveriesDays, keepTriggerDeliveries }, now) =>
      or(
        lt(triggerDeliveries.at, before(now, triggerDeliveriesDays)),
        sql`${triggerDeliveries.id} in (
          select id from (
            select id, row_number() over (partition by trigger order by at desc, id desc) as place
            from trigger_deliveries
          ) as placed where place > ${keepTriggerDeliveries})`,
      ),
  },
  sessions: {
    table: sessions,
    old: (_limits, now) =>
      or(lt(sessions.expiresAt, now), lt(sessions.lastSeenAt, new Date(now.getTime() - SESSION_IDLE_MS))),
  },
  // Those of the server itself have a role; they end with its files.
  tokens: {
    table: tokens,
    old: ({ tokensDays }, now) =>
      and(
        isNotNull(tokens.user),
        or(lt(tokens.expiresAt, before(now, tokensDays)), lt(tokens.revokedAt, before(now, tokensDays))),
      ),
  },
  'login-failures': {
    table: loginFailures,
    old: (_limits, now) => lt(loginFailures.lastAt, new Date(now.getTime() - FORGET_LOGIN_FAILURES_MS)),
  },
} satisfies Partial<Record<RetainedKind, Rows>>;

export type RowKind = keyof typeof ROWS;
export const ROW_KINDS = Object.keys(ROWS).filter((kind): kind is RowKind => kind in ROWS);

const removeBatch = async (db: Database, table: PgTable, old: SQL | undefined): Promise<number> => {
  const batch = db
    .select({ row: sql`ctid` })
    .from(table)
    .where(old)
    .limit(RETENTION_BATCH);
  const gone = await db
    .delete(table)
    .where(sql`ctid in (${batch})`)
    .returning({ one: sql`1` });
  return gone.length;
};

export const countRows = async (
  db: Database,
  kind: RowKind,
  limits: RetentionLimits,
  now: Date,
): Promise<{ readonly there: number; readonly old: number }> => {
  const { table, old }: Rows = ROWS[kind];
  return { there: await db.$count(table), old: await db.$count(table, old(limits, now)) };
};

/** One batch. @returns how many went; fewer than a batch: that was all */
export const removeOldRows = async (
  db: Database,
  kind: RowKind,
  limits: RetentionLimits,
  now: Date,
): Promise<number> => {
  const { table, old }: Rows = ROWS[kind];
  // Said before the first one goes: nobody takes a rollout back of which some are left.
  if (kind === 'rollout-devices')
    await db
      .update(rollouts)
      .set({ forgotten: true })
      .where(and(isForgotten(limits, now), not(rollouts.forgotten)));
  const gone = await removeBatch(db, table, old(limits, now));
  if (kind === 'metrics') return Math.max(gone, await condenseMetrics(db, RETENTION_BATCH, now));
  // A run goes once nothing tells of it any more; its builds stay.
  if (kind === 'trigger-deliveries')
    await removeBatch(
      db,
      triggerRuns,
      and(
        inArray(triggerRuns.state, ['done', 'ignored', 'failed']),
        sql`not exists (select 1 from trigger_deliveries d where d.run = ${triggerRuns.id})`,
        sql`not exists (select 1 from triggered_builds b where b.run = ${triggerRuns.id}
          and b.state in ('waiting', 'building', 'published'))`,
      ),
    );
  return gone;
};
