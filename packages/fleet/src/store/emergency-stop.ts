import { and, count, countDistinct, eq, gte, inArray, isNotNull, lt, ne, or, sql } from 'drizzle-orm';
import type { DeviceId, EmergencyStop, RolloutId, TenantId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, emergencyStops, executionHistory, executions, gateways } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { despiteDeadlocks } from './deadlock.ts';
import { isLive } from './executions.ts';

/** Executions that end by a stop. */
export const UNARMED = ['OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'] as const;
/** These boot the release whatever the server says. */
const ARMED = ['REBOOTING', 'TRIAL'] as const;

/** Ours, and for each tenant another; planners share it, who stops or lifts takes it alone. Fair to whoever waits. */
const LOCK = 7_547_940;
const exclusively = async (tx: Database, tenant: TenantId): Promise<void> => {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK}, hashtext(${tenant}))`);
};

/**
 * Whether offers of the tenant are halted, which stays as it is until the transaction of the caller ends.
 *
 * @param tx a transaction
 */
export const offersAreHalted = async (tx: Database, tenant: TenantId): Promise<boolean> => {
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${LOCK}, hashtext(${tenant}))`);
  return (await tx.$count(emergencyStops, eq(emergencyStops.tenant, tenant))) > 0;
};

/** The stop in force, if any: cheap enough to be asked every second. */
export const stopInForce = async (
  db: Database,
  tenant: TenantId,
): Promise<typeof emergencyStops.$inferSelect | undefined> =>
  (await db.select().from(emergencyStops).where(eq(emergencyStops.tenant, tenant)))[0];

export const getEmergencyStop = async (
  db: Database,
  tenant: TenantId,
  now = new Date(),
): Promise<EmergencyStop> => {
  const stop = await stopInForce(db, tenant);
  const rows = await db
    .select({ state: executions.state, count: count() })
    .from(executions)
    .where(and(eq(executions.tenant, tenant), inArray(executions.state, [...UNARMED, ...ARMED])))
    .groupBy(executions.state);
  const sum = (states: readonly string[]): number =>
    rows.reduce((total, row) => total + (states.includes(row.state) ? row.count : 0), 0);
  return {
    stopped: stop !== undefined,
    reason: stop?.reason ?? null,
    actor: stop?.actor ?? null,
    at: stop?.at.toISOString() ?? null,
    offers: sum(UNARMED),
    trials: sum(ARMED),
    ...(await broker(db, tenant, stop?.at, now)),
  };
};

/** A gateway that has said nothing for so long is gone. */
export const GATEWAY_ALIVE_MS = 15_000;

/** @param withdrawnFor when the stop was made whose offers it has taken back at the broker; null: it has not, or is at it */
export const announceGateway = async (
  db: Database,
  tenant: TenantId,
  id: string,
  withdrawnFor: Date | null,
  now: Date,
): Promise<void> => {
  const said = { seenAt: now, withdrawnFor };
  await db
    .insert(gateways)
    .values({ tenant, id, ...said })
    .onConflictDoUpdate({ target: [gateways.tenant, gateways.id], set: said });
};

/** What it has taken back stays known. */
export const forgetGateway = async (db: Database, tenant: TenantId, id: string): Promise<void> => {
  await db
    .update(gateways)
    .set({ seenAt: new Date(0) })
    .where(and(eq(gateways.tenant, tenant), eq(gateways.id, id)));
};

/** A gateway that has said nothing for so long will not come back by itself soon. */
const GATEWAY_GONE_MS = 2 * GATEWAY_ALIVE_MS;

export type GoneGateway = { readonly id: string; readonly seenAt: Date };

/** Other gateways that left or are gone, and whose sessions nobody has taken over. */
export const goneGateways = async (
  db: Database,
  tenant: TenantId,
  self: string,
  now: Date,
): Promise<GoneGateway[]> =>
  db
    .select({ id: gateways.id, seenAt: gateways.seenAt })
    .from(gateways)
    .where(
      and(
        eq(gateways.tenant, tenant),
        ne(gateways.id, self),
        lt(gateways.seenAt, new Date(now.getTime() - GATEWAY_GONE_MS)),
      ),
    );

const isAsSeen = (tenant: TenantId, { id, seenAt }: GoneGateway) =>
  and(eq(gateways.tenant, tenant), eq(gateways.id, id), eq(gateways.seenAt, seenAt));

/**
 * Gives the caller some seconds to take over the session of a gateway that is gone.
 *
 * @returns as the gateway is known meanwhile; undefined where another was faster, or it is back
 */
export const claimGateway = async (
  db: Database,
  tenant: TenantId,
  gone: GoneGateway,
  now: Date,
): Promise<GoneGateway | undefined> => {
  const seenAt = new Date(now.getTime() - GATEWAY_ALIVE_MS);
  const [row] = await db
    .update(gateways)
    .set({ seenAt })
    .where(isAsSeen(tenant, gone))
    .returning({ id: gateways.id, seenAt: gateways.seenAt });
  return row;
};

/** Nothing is left of it, unless it is back. Whoever asks lives, so what it had taken back does not count alone. */
export const removeGateway = async (db: Database, tenant: TenantId, gone: GoneGateway): Promise<void> => {
  await db.delete(gateways).where(isAsSeen(tenant, gone));
};

/**
 * What of the offers from before a stop may still lie at the broker: all that were, until one gateway has taken back each,
 * and every other that lives has nothing under way any more.
 */
const broker = async (db: Database, tenant: TenantId, stoppedAt: Date | undefined, now: Date) => {
  const rows = await db.select().from(gateways).where(eq(gateways.tenant, tenant));
  const live = rows.filter(({ seenAt }) => seenAt.getTime() > now.getTime() - GATEWAY_ALIVE_MS);
  const hasWithdrawn = ({ withdrawnFor }: (typeof rows)[number]): boolean =>
    withdrawnFor?.getTime() === stoppedAt?.getTime();
  const isOver = stoppedAt === undefined || (rows.some(hasWithdrawn) && live.every(hasWithdrawn));
  return {
    gateways: live.length,
    offersAtBroker: isOver ? 0 : await countReleasedSince(db, tenant, stoppedAt),
  };
};

/**
 * From the end of this call on no planner offers anything. What was offered before is for `haltOffers` to take back.
 * Where a stop is in force already, that one stays.
 */
export const stopOffers = (
  db: Database,
  tenant: TenantId,
  by: { readonly actor: string; readonly reason: string },
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    await exclusively(tx, tenant);
    await tx
      .insert(emergencyStops)
      .values({ tenant, ...by, at: now })
      .onConflictDoNothing();
    await recordAudit(tx, {
      actor: by.actor,
      action: 'fleet.stop',
      subject: tenant,
      details: { reason: by.reason },
    });
  });

/** Rollouts go on where they were; nothing happens where no stop is in force. */
export const liftStop = (db: Database, tenant: TenantId, actor: string): Promise<void> =>
  db.transaction(async (tx) => {
    await exclusively(tx, tenant);
    const [stop] = await tx.delete(emergencyStops).where(eq(emergencyStops.tenant, tenant)).returning();
    if (stop === undefined) return;
    await recordAudit(tx, {
      actor,
      action: 'fleet.resume',
      subject: tenant,
      details: { reason: stop.reason, stoppedBy: stop.actor, stoppedAt: stop.at.toISOString() },
    });
  });

export type Halted = { readonly devices: readonly DeviceId[]; readonly rollouts: readonly RolloutId[] };

const ROWS = 1000;

/**
 * Ends every execution that is not armed and asks nothing more of any device. Safe to run again, at the same time as
 * well: each takes what is left.
 */
export const haltOffers = (db: Database, tenant: TenantId, now: Date): Promise<Halted> =>
  // Whoever locks a device before its execution: one of the two has to give way.
  despiteDeadlocks(() => db.transaction((tx) => halt(tx, tenant, now)));

const halt = async (tx: Database, tenant: TenantId, clock: Date): Promise<Halted> => {
  const stop = await stopInForce(tx, tenant);
  // Clocks of servers differ: what a stop ends, ends after it.
  const now = stop !== undefined && stop.at > clock ? stop.at : clock;
  const ended = await tx
    .update(executions)
    .set({
      state: 'CANCELED',
      message: 'halted by the emergency stop',
      haltedAt: now,
      deadlineAt: now,
      updatedAt: now,
    })
    .where(and(eq(executions.tenant, tenant), inArray(executions.state, [...UNARMED])))
    .returning({ id: executions.id, rollout: executions.rollout });
  for (let from = 0; from < ended.length; from += ROWS) {
    await tx
      .insert(executionHistory)
      .values(
        ended
          .slice(from, from + ROWS)
          .map(({ id }) => ({ execution: id, state: 'CANCELED' as const, at: now })),
      );
  }
  // Only who has just lost its offer, or is at a trial, is asked for something.
  const asked = tx
    .select({ device: executions.device })
    .from(executions)
    .where(and(eq(executions.tenant, tenant), or(eq(executions.haltedAt, now), isLive)));
  const released = await tx
    .update(devices)
    .set({ assignment: null, desiredSeq: sql`${devices.desiredSeq} + 1` })
    .where(and(eq(devices.tenant, tenant), isNotNull(devices.assignment), inArray(devices.id, asked)))
    .returning({ id: devices.id });
  return {
    devices: released.map(({ id }) => id),
    rollouts: [...new Set(ended.map(({ rollout }) => rollout))],
  };
};

const releasedSince = (tenant: TenantId, since: Date) =>
  and(
    eq(executions.tenant, tenant),
    or(gte(executions.haltedAt, since), inArray(executions.state, [...ARMED])),
  );

const countReleasedSince = async (db: Database, tenant: TenantId, since: Date): Promise<number> => {
  const [row] = await db
    .select({ count: countDistinct(executions.device) })
    .from(executions)
    .where(releasedSince(tenant, since));
  return row?.count ?? 0;
};

/** Whose retained desired state may still offer something at the broker, because a stop took it back since then. */
export const devicesReleasedSince = async (
  db: Database,
  tenant: TenantId,
  since: Date,
): Promise<DeviceId[]> =>
  (
    await db
      .selectDistinct({ device: executions.device })
      .from(executions)
      .where(releasedSince(tenant, since))
  ).map(({ device }) => device);

/** An execution that counts: the device is offered the release anew where a stop ended one. */
export const isNoHalted = sql`(${executions.haltedAt} is null or ${executions.state} <> 'CANCELED')`;
