import { and, inArray, sql } from 'drizzle-orm';
import {
  SlipwayError,
  type BulkAction,
  type CommandId,
  type DeviceId,
  type GroupId,
} from '@slipway/protocol';
import type { Database } from '../../database.ts';
import { devices } from '../../schema.ts';
import { recordAudits } from '../audit.ts';
import { createCommands } from '../commands.ts';
import { acceptDevices, decommissionDevice, rejectDevice, revokeDevice } from '../device-lifecycle.ts';
import { addMembers, removeMembers } from '../groups.ts';
import { attributesAfter, CHANGED, outcomeOf, tagsAfter } from './outcomes.ts';

/** What came of the devices of a batch. */
export type AppliedBatch = {
  readonly changed: readonly DeviceId[];
  readonly refused: ReadonlyMap<DeviceId, string>;
  /** to be sent */
  readonly commands: readonly CommandId[];
};

type Batch = {
  readonly action: BulkAction;
  readonly group: GroupId | undefined;
  readonly ids: readonly DeviceId[];
  readonly actor: string;
  readonly now: Date;
};

const NONE: ReadonlyMap<DeviceId, string> = new Map();

/** Changes devices for which the outcome was so a moment ago; what has become of them since is looked at anew. */
export const applyBatch = async (db: Database, batch: Batch): Promise<AppliedBatch> => {
  const { action, ids, actor, now } = batch;
  switch (action.kind) {
    case 'change':
      return changeAll(db, batch, 'device.change', {
        tags: tagsAfter(action),
        attributes: attributesAfter(action),
      });
    case 'channel':
      return changeAll(db, batch, 'device.channel', { channel: sql`${action.channel}::text` });
    case 'group': {
      const change = action.member ? addMembers : removeMembers;
      await change(db, batch.group ?? action.group, ids, actor, now);
      return { changed: ids, refused: NONE, commands: [] };
    }
    case 'command':
      return commandAll(db, batch, action.command);
    case 'accept':
      return oneByOne(ids, async (id) => void (await acceptDevices(db, [id], actor, now)));
    case 'reject':
      return oneByOne(ids, async (id) => void (await rejectDevice(db, id, actor, now)));
    case 'revoke':
      return oneByOne(ids, async (id) => void (await revokeDevice(db, id, actor, now)));
    case 'decommission':
      return oneByOne(ids, async (id) => void (await decommissionDevice(db, id, actor, now)));
    default:
      return action satisfies never;
  }
};

type Columns = Pick<typeof devices.$inferInsert, never> & Record<string, unknown>;

const changeAll = (
  db: Database,
  { action, group, ids, actor }: Batch,
  name: string,
  set: Columns,
): Promise<AppliedBatch> =>
  db.transaction(async (tx) => {
    const { kind: _kind, ...details } = action;
    // In one order, so that two who change overlapping sets do not wait for each other.
    await tx
      .select({ id: devices.id })
      .from(devices)
      .where(inArray(devices.id, [...ids]))
      .orderBy(devices.id)
      .for('no key update');
    const rows = await tx
      .update(devices)
      .set(set)
      .where(and(inArray(devices.id, [...ids]), sql`${outcomeOf(action, group)} = ${CHANGED}`))
      .returning({ id: devices.id });
    const changed = rows.map(({ id }) => id);
    await recordAudits(
      tx,
      changed.map((subject) => ({ actor, action: name, subject, details })),
    );
    return { changed, refused: NONE, commands: [] };
  });

const commandAll = (
  db: Database,
  { ids, actor, now }: Batch,
  request: Extract<BulkAction, { kind: 'command' }>['command'],
): Promise<AppliedBatch> =>
  db.transaction(async (tx) => {
    const commands = await createCommands(tx, ids, request, now);
    await recordAudits(
      tx,
      commands.map(({ id, device }) => ({
        actor,
        action: `device.${request.name}`,
        subject: device,
        details: { command: id, ...request },
      })),
    );
    return { changed: ids, refused: NONE, commands: commands.map(({ id }) => id) };
  });

/** Each in a transaction of its own: what one is refused changes nothing for the others. */
const oneByOne = async (
  ids: readonly DeviceId[],
  work: (id: DeviceId) => Promise<void>,
): Promise<AppliedBatch> => {
  const changed: DeviceId[] = [];
  const refused = new Map<DeviceId, string>();
  for (const id of ids) {
    try {
      await work(id);
      changed.push(id);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code === 'INTERNAL') throw error;
      refused.set(id, error.code);
    }
  }
  return { changed, refused, commands: [] };
};
