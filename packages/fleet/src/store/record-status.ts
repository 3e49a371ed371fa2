import { and, eq } from 'drizzle-orm';
import { isTerminal, type DeviceId, type ExecutionId, type RolloutId, type Status } from '@slipway/protocol';
import type { Database } from '../database.ts';
import type { Deadlines } from '../deadlines.ts';
import { deviceReports, executions } from '../schema.ts';
import { refuseTransition } from '../transitions.ts';
import { recordAudit } from './audit.ts';
import { liveExecution, stepExecution } from './executions.ts';

/** Whatever it is, the report is committed and may be acknowledged. */
export type StatusOutcome =
  | {
      readonly kind: 'counted';
      readonly execution: ExecutionId;
      readonly rollout: RolloutId;
      readonly over: boolean;
    }
  /** the device installed a file by itself; on record, but no execution of ours */
  | { readonly kind: 'local' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Takes a status report of a device: once by its sequence number, only for an execution of its own, and only forward.
 * `device` is who sent it, by the topic that the broker let it use.
 */
export const recordStatus = (
  db: Database,
  device: DeviceId,
  status: Status,
  now: Date,
  deadlines?: Deadlines,
): Promise<StatusOutcome> =>
  db.transaction(async (tx): Promise<StatusOutcome> => {
    const key = { device, seq: status.seq };
    const [fresh] = await tx
      .insert(deviceReports)
      .values({ ...key, report: status, at: now })
      .onConflictDoNothing()
      .returning();
    if (fresh === undefined) return { kind: 'duplicate' };

    const [execution] = await tx
      .select()
      .from(executions)
      .where(eq(executions.id, status.execution))
      .for('update');
    if (status.local === true && execution === undefined) {
      if (isTerminal(status.state)) await recordLocalInstall(tx, device, status);
      return { kind: 'local' };
    }
    const revives = execution !== undefined && (await isRevived(tx, execution, status));
    const why = refusal(execution, device, status, revives);
    if (execution === undefined || why !== undefined) {
      const refused = why ?? '';
      await tx
        .update(deviceReports)
        .set({ refused })
        .where(and(eq(deviceReports.device, device), eq(deviceReports.seq, status.seq)));
      return { kind: 'refused', why: refused };
    }
    await stepExecution(tx, execution, { ...status, statusSeq: status.seq }, now, deadlines);
    return {
      kind: 'counted',
      execution: execution.id,
      rollout: execution.rollout,
      over: isTerminal(status.state),
    };
  });

/** How it ended. What the device runs now, its birth says. */
const recordLocalInstall = (db: Database, device: DeviceId, status: Status): Promise<void> =>
  recordAudit(db, {
    actor: `device:${device}`,
    action: 'device.install',
    subject: device,
    details: {
      execution: status.execution,
      release: status.release,
      state: status.state,
      slot: status.slot,
      ...(status.code === undefined ? {} : { code: status.code, message: status.message }),
    },
  });

/** It was armed when the emergency stop came, which the server did not know yet: the trial ends by itself. */
const isRevived = async (
  tx: Database,
  execution: typeof executions.$inferSelect,
  status: Status,
): Promise<boolean> =>
  execution.haltedAt !== null &&
  execution.state === 'CANCELED' &&
  (status.state === 'REBOOTING' || status.state === 'TRIAL') &&
  (await liveExecution(tx, execution.device)) === undefined;

const refusal = (
  execution: typeof executions.$inferSelect | undefined,
  device: DeviceId,
  status: Status,
  revives: boolean,
): string | undefined => {
  // The same words for both, so that a device learns nothing of others.
  if (execution === undefined || execution.device !== device) return 'the device has no such execution';
  if (execution.release !== status.release) return `the execution is for ${execution.release}`;
  if (status.seq <= execution.statusSeq) return `report ${execution.statusSeq} is newer`;
  return revives ? undefined : refuseTransition(execution.state, status.state);
};
