import { and, inArray, sql } from 'drizzle-orm';
import type { DeviceId, ExecutionId, Progress } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { deadlineAfter, type Deadlines } from '../deadlines.ts';
import { executions } from '../schema.ts';
import { despiteDeadlocks } from './deadlock.ts';
import { rowSet } from './row-set.ts';

export type ProgressReport = { readonly device: DeviceId; readonly progress: Progress };

/**
 * Takes how far devices are, of each execution what was said last.
 *
 * @returns the executions that moved; not those that are over or another device's
 */
export const recordProgress = async (
  db: Database,
  reports: readonly ProgressReport[],
  now: Date,
  deadlines?: Deadlines,
): Promise<ExecutionId[]> => {
  const last = new Map(
    reports.map(({ device, progress }) => [
      `${device} ${progress.execution}`,
      { ...progress, device, deadlineAt: deadlineAfter(progress.phase, now, deadlines) },
    ]),
  );
  const columns = `device text, execution text, "bytesDone" bigint, "bytesTotal" bigint, "bytesReceived" bigint,
    "bytesReused" bigint, "deadlineAt" timestamptz`;
  const rows = await despiteDeadlocks(() =>
    db
      .update(executions)
      .set({
        bytesDone: sql`said."bytesDone"`,
        bytesTotal: sql`said."bytesTotal"`,
        bytesReceived: sql`said."bytesReceived"`,
        bytesReused: sql`said."bytesReused"`,
        deadlineAt: sql`said."deadlineAt"`,
        updatedAt: now,
      })
      .from(
        sql`(select said.* from ${rowSet([...last.values()], columns)}
          join ${executions} on ${executions.id} = said.execution and ${executions.device} = said.device
          order by said.execution for update of ${executions}) as said`,
      )
      .where(
        and(
          sql`${executions.id} = said.execution`,
          inArray(executions.state, ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING']),
        ),
      )
      .returning({ id: executions.id }),
  );
  return rows.map(({ id }) => id);
};
