import { notInArray, sql } from 'drizzle-orm';
import { ClassName, TERMINAL_STATES, TenantId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import {
  classCounters,
  devices,
  emergencyStops,
  executionHistory,
  executions,
  restores,
  revocationLists,
} from '../schema.ts';
import { recordAudit } from '../store/audit.ts';

/** More than can have been given out since any backup; a restore every day for five years still fits. */
const LEAP = 1_000_000;
const LIST_LEAP = 1000;
const ROWS = 1000;

export type Rejoin = {
  readonly backupMadeAt: Date;
  /** the last counter of each class that the signer's log has */
  readonly signed: ReadonlyMap<ClassName, number>;
};

/**
 * Makes a database that was put back fit for a fleet that has gone on without it. Numbers that devices compare leap over
 * all that may have been given out since; what was under way ends, and offers stay halted until somebody has looked.
 */
export const rejoin = (db: Database, { backupMadeAt, signed }: Rejoin, now: Date): Promise<void> =>
  db.transaction(async (tx) => {
    const [before] = await tx
      .select({ base: sql<number>`coalesce(max(${restores.seqBase}), 0)` })
      .from(restores);
    const [highest] = await tx
      .select({ seq: sql<number>`coalesce(max(${devices.desiredSeq}), 0)` })
      .from(devices);
    const seqBase = Math.max(before?.base ?? 0, highest?.seq ?? 0) + LEAP;
    await tx.insert(restores).values({ at: now, backupMadeAt, seqBase });
    // Of every device, so that the broker is told of each that nothing is asked of it.
    await tx.update(devices).set({ desiredSeq: seqBase, assignment: null, online: false });

    const ended = await tx
      .update(executions)
      .set({
        state: 'CANCELED',
        message: 'the server was restored from a backup',
        haltedAt: now,
        deadlineAt: now,
        updatedAt: now,
      })
      .where(notInArray(executions.state, [...TERMINAL_STATES]))
      .returning({ id: executions.id });
    for (let from = 0; from < ended.length; from += ROWS)
      await tx
        .insert(executionHistory)
        .values(
          ended
            .slice(from, from + ROWS)
            .map(({ id }) => ({ execution: id, state: 'CANCELED' as const, at: now })),
        );

    for (const [deviceClass, counter] of signed)
      await tx
        .insert(classCounters)
        .values({ deviceClass, counter })
        .onConflictDoUpdate({
          target: [classCounters.tenant, classCounters.deviceClass],
          set: { counter: sql`greatest(${classCounters.counter}, ${counter})` },
        });
    await tx.update(classCounters).set({ counter: sql`${classCounters.counter} + ${LEAP}`, leapt: true });
    await tx.update(revocationLists).set({ number: sql`${revocationLists.number} + ${LIST_LEAP}` });

    const tenants = await tx.selectDistinct({ tenant: devices.tenant }).from(devices);
    const made = backupMadeAt.toISOString();
    for (const tenant of new Set([TenantId.parse('default'), ...tenants.map((row) => row.tenant)])) {
      const reason = `restored from the backup of ${made}; look at the fleet, then resume`;
      await tx
        .insert(emergencyStops)
        .values({ tenant, reason, actor: 'restore', at: now })
        .onConflictDoNothing();
    }
    await recordAudit(tx, {
      actor: 'restore',
      action: 'fleet.restore',
      subject: 'database',
      details: { backupMadeAt: made, seqBase, halted: ended.length },
    });
  });
