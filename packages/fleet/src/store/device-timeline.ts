import { and, eq, inArray, isNotNull, notInArray, sql, type SQL } from 'drizzle-orm';
import {
  COMMANDS,
  CommandId,
  ExecutionId,
  type DeviceEvent,
  type DeviceEventKind,
  type DeviceId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { audit, deviceCommands, devicePresence, executions, releases } from '../schema.ts';
import { getCommands } from './commands.ts';
import { getExecutions } from './executions.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { isOneOf } from './row-set.ts';

/** Of the audit log, what is about certificates; all else of a device is a change. */
const OF_CERTIFICATES = ['device.enrol', 'device.renew', 'device.revoke'];
/** Commands are told by themselves, with what came of them. */
const OF_COMMANDS = COMMANDS.map((name) => `device.${name}`);

type Found = { readonly kind: DeviceEventKind; readonly at: string; readonly id: string };

const auditKey = sql`'aud_' || lpad(${audit.sequence}::text, 16, '0')`;
const presenceKey = sql`'pre_' || (extract(epoch from ${devicePresence.at}) * 1000)::bigint || ${devicePresence.online}`;

/** What of the audit log is about a device, and no command. */
const isRecorded = (device: DeviceId): SQL | undefined =>
  and(
    eq(audit.subject, device),
    isNotNull(audit.sequence),
    sql`starts_with(${audit.action}, 'device.')`,
    notInArray(audit.action, OF_COMMANDS),
  );

/** Everything, as kind, moment and key: few per device, so they are put together before a part is taken. */
const eventsOf = (device: DeviceId): SQL =>
  sql`(
    select 'update' as kind, ${executions.createdAt} as at, ${executions.id} as id
      from ${executions} where ${executions.device} = ${device}
    union all select 'command', ${deviceCommands.createdAt}, ${deviceCommands.id}
      from ${deviceCommands} where ${deviceCommands.device} = ${device}
    union all select 'presence', ${devicePresence.at}, ${presenceKey}
      from ${devicePresence} where ${devicePresence.device} = ${device}
    union all select case when ${inArray(audit.action, OF_CERTIFICATES)} then 'certificate' else 'change' end,
      ${audit.at}, ${auditKey} from ${audit} where ${isRecorded(device)}
  ) as events`;

/**
 * What happened to a device: updates, commands, when it came and went, its certificates, and what people did with it;
 * newest first.
 */
export const listDeviceEvents = async (
  db: Database,
  device: DeviceId,
  page: Page & { readonly kinds?: readonly DeviceEventKind[] | undefined },
  now: Date,
): Promise<Paged<DeviceEvent>> => {
  const events = eventsOf(device);
  const filter = page.kinds === undefined ? undefined : isOneOf(sql`events.kind`, page.kinds);
  const keys = keyset(page, {
    by: [
      { expression: sql`events.at`, type: 'timestamp' },
      { expression: sql`events.id collate "C"`, type: 'text' },
    ],
    direction: 'desc',
  });
  const row = sql<Found>`json_build_object('kind', events.kind, 'id', events.id,
    'at', to_char(events.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
  const rows = await db
    .select({ row, key: keys.key })
    .from(events)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (found) => describe(db, device, found, now),
    async () => {
      const [all] = await db
        .select({ count: sql<number>`count(*)::int` })
        .from(events)
        .where(filter);
      return all?.count ?? 0;
    },
  );
};

type Told = DeviceEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'id' | 'at'>
    : never
  : never;

const describe = async (
  db: Database,
  device: DeviceId,
  found: readonly Found[],
  now: Date,
): Promise<DeviceEvent[]> => {
  const idsOf = (kind: DeviceEventKind): string[] =>
    found.filter((one) => one.kind === kind).map(({ id }) => id);
  const recorded = [...idsOf('certificate'), ...idsOf('change')];
  const told = new Map<string, Told>([
    ...(await updates(db, idsOf('update'))),
    ...(await commands(db, device, idsOf('command'), now)),
    ...(await presence(db, device, idsOf('presence'))),
    ...(await entries(db, device, recorded)),
  ]);
  return found.flatMap(({ id, at }) => {
    const event = told.get(id);
    return event === undefined ? [] : [{ id, at, ...event }];
  });
};

const updates = async (db: Database, ids: readonly string[]): Promise<[string, Told][]> => {
  if (ids.length === 0) return [];
  const found = await getExecutions(
    db,
    ids.map((id) => ExecutionId.parse(id)),
  );
  const named = await db
    .select({ id: releases.id, version: releases.version })
    .from(releases)
    .where(
      isOneOf(
        releases.id,
        found.map(({ release }) => release),
      ),
    );
  const versions = new Map(named.map(({ id, version }) => [id, version]));
  return found.map((execution) => [
    execution.id,
    { kind: 'update', version: versions.get(execution.release) ?? null, execution },
  ]);
};

const commands = async (
  db: Database,
  device: DeviceId,
  ids: readonly string[],
  now: Date,
): Promise<[string, Told][]> => {
  if (ids.length === 0) return [];
  const asked = await db
    .select({ id: sql<string>`${audit.details} ->> 'command'`, actor: audit.actor })
    .from(audit)
    .where(and(eq(audit.subject, device), inArray(audit.action, OF_COMMANDS)));
  const actors = new Map(asked.map(({ id, actor }) => [id, actor]));
  const found = await getCommands(
    db,
    ids.map((id) => CommandId.parse(id)),
    now,
  );
  return found.map((command) => [
    command.id,
    { kind: 'command', actor: actors.get(command.id) ?? null, command },
  ]);
};

const presence = async (
  db: Database,
  device: DeviceId,
  ids: readonly string[],
): Promise<[string, Told][]> => {
  if (ids.length === 0) return [];
  const rows = await db
    .select({
      id: sql<string>`${presenceKey}`,
      online: devicePresence.online,
      reason: devicePresence.reason,
      until: sql<Date | string | null>`(select min(later.at) from device_presence later
        where later.device = device_presence.device and later.at > device_presence.at)`,
    })
    .from(devicePresence)
    .where(and(eq(devicePresence.device, device), isOneOf(presenceKey, ids)));
  return rows.map(({ id, online, reason, until }) => [
    id,
    {
      kind: 'presence',
      online,
      reason,
      until: until === null ? null : new Date(until).toISOString(),
    },
  ]);
};

const entries = async (db: Database, device: DeviceId, ids: readonly string[]): Promise<[string, Told][]> => {
  if (ids.length === 0) return [];
  const rows = await db
    .select({
      id: sql<string>`${auditKey}`,
      actor: audit.actor,
      action: audit.action,
      details: audit.details,
    })
    .from(audit)
    .where(and(isRecorded(device), isOneOf(auditKey, ids)));
  return rows.map(({ id, action, ...entry }) => [
    id,
    { kind: OF_CERTIFICATES.includes(action) ? 'certificate' : 'change', action, ...entry },
  ]);
};
