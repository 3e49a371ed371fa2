import { and, eq, inArray, or, sql } from 'drizzle-orm';
import type { DeviceId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { groupMembers, groups } from '../schema.ts';

/** Whether a device belongs to one of the groups, each named by its id or its name; there may be no such group. */
export const deviceIsInGroups = async (
  db: Database,
  device: DeviceId,
  wanted: readonly string[],
): Promise<boolean> => {
  if (wanted.length === 0) return false;
  const [listed] = await db
    .select({ group: groupMembers.group })
    .from(groupMembers)
    .innerJoin(groups, eq(groups.id, groupMembers.group))
    .where(
      and(
        eq(groupMembers.device, device),
        or(inArray(sql<string>`${groups.id}`, [...wanted]), inArray(groups.name, [...wanted])),
      ),
    )
    .limit(1);
  return listed !== undefined;
};
