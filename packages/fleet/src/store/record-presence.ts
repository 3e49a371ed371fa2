import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import type { Birth, Death, Device, DeviceId, Telemetry } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices } from '../schema.ts';
import { despiteDeadlocks } from './deadlock.ts';
import { toDevice } from './devices.ts';
import { inRounds, isOneOf, rowSetOfDevices } from './row-set.ts';

/** What devices say of themselves; `device` is who said it. A retained birth is one that the broker has kept. */
export type Said = { readonly device: DeviceId } & (
  | { readonly kind: 'birth'; readonly birth: Birth; readonly retained: boolean }
  | { readonly kind: 'death'; readonly death: Death }
  | { readonly kind: 'telemetry'; readonly telemetry: Telemetry }
);

export type PresenceOutcome =
  /** `isKnown`: its birth of this boot has come */
  | { readonly kind: 'recorded'; readonly device: Device; readonly isKnown: boolean }
  /** of an earlier connection; changes nothing */
  | { readonly kind: 'late' }
  /** not enrolled, not active, or enrolled for another class or architecture */
  | { readonly kind: 'refused' };

type Round<K extends Said['kind']> = readonly Extract<Said, { readonly kind: K }>[];
type Outcomes = ReadonlyMap<DeviceId, PresenceOutcome>;

/**
 * Takes over what many devices say, what one says in this order. Telemetry that is followed by more of the same device
 * is not recorded, only counted as.
 *
 * @returns the outcomes in the order of what was said
 */
export const recordPresence = async (
  db: Database,
  said: readonly Said[],
  now: Date,
): Promise<PresenceOutcome[]> => {
  const outcomes = new Map<Said, PresenceOutcome>();
  const next = new Map<DeviceId, Said>();
  const stands = new Map<Said, Said>();
  for (const one of said.toReversed()) {
    const after = next.get(one.device);
    if (one.kind === 'telemetry' && after?.kind === 'telemetry') stands.set(one, after);
    else next.set(one.device, one);
  }
  for (const round of inRounds(
    said.filter((one) => !stands.has(one)),
    ({ device }) => device,
  )) {
    const births = round.filter((one) => one.kind === 'birth');
    const deaths = round.filter((one) => one.kind === 'death');
    const telemetry = round.filter((one) => one.kind === 'telemetry');
    const done = new Map([
      ...(births.length === 0 ? [] : await despiteDeadlocks(() => recordBirths(db, births, now))),
      ...(deaths.length === 0 ? [] : await despiteDeadlocks(() => recordDeaths(db, deaths))),
      ...(telemetry.length === 0 ? [] : await despiteDeadlocks(() => recordTelemetries(db, telemetry, now))),
    ]);
    for (const one of round) outcomes.set(one, done.get(one.device) ?? { kind: 'refused' });
  }
  return said.map((one) => outcomes.get(stands.get(one) ?? one) ?? { kind: 'refused' });
};

const recorded = (row: typeof devices.$inferSelect, now: Date, isKnown = true): PresenceOutcome => ({
  kind: 'recorded',
  device: toDevice(row, now),
  isKnown,
});

/**
 * A retained birth only tells what was last said: after a death of the same connection the device stays offline. One of
 * an earlier connection of the same boot comes late, by another way; a device that counts anew has booted.
 */
const recordBirths = async (db: Database, births: Round<'birth'>, now: Date): Promise<Outcomes> => {
  const rows = births.map(({ device, birth, retained }) => {
    const active = birth.slots[birth.activeSlot];
    return { ...birth, id: device, retained, release: active.release, version: active.version };
  });
  const columns = `id text, "deviceClass" text, arch text, retained boolean, connection bigint, health text,
    "activeSlot" text, slots jsonb, release text, version text, "agentVersion" text, "bootId" text,
    "timeZone" text, "utcOffset" int, services jsonb`;
  const isOurs = and(
    eq(devices.state, 'active'),
    sql`${devices.deviceClass} = said."deviceClass"`,
    sql`${devices.arch} = said.arch`,
  );
  const born = await db
    .update(devices)
    .set({
      online: sql`not said.retained or ${devices.deathConnection} <> said.connection`,
      connection: sql`said.connection`,
      deathConnection: sql`case when said.retained then ${devices.deathConnection} else 0 end`,
      health: sql`said.health`,
      activeSlot: sql`said."activeSlot"`,
      slots: sql`said.slots`,
      release: sql`said.release`,
      version: sql`said.version`,
      agentVersion: sql`said."agentVersion"`,
      bootId: sql`said."bootId"`,
      timeZone: sql`said."timeZone"`,
      utcOffset: sql`said."utcOffset"`,
      services: sql`said.services`,
      lastSeenAt: sql`case when said.retained then ${devices.lastSeenAt} else ${now.toISOString()}::timestamptz end`,
    })
    .from(rowSetOfDevices(rows, columns))
    .where(
      and(
        sql`${devices.id} = said.id`,
        isOurs,
        sql`(${devices.bootId} is distinct from said."bootId" or ${devices.connection} <= said.connection)`,
      ),
    )
    .returning(getTableColumns(devices));
  const outcomes = new Map(born.map((row) => [row.id, recorded(row, now)]));
  const others = births.filter(({ device }) => !outcomes.has(device));
  if (others.length === 0) return outcomes;
  const late = await db
    .select({ id: devices.id, deviceClass: devices.deviceClass, arch: devices.arch })
    .from(devices)
    .where(
      and(
        isOneOf(
          devices.id,
          others.map(({ device }) => device),
        ),
        eq(devices.state, 'active'),
      ),
    );
  for (const { device, birth } of others) {
    const row = late.find(({ id }) => id === device);
    if (row?.deviceClass === birth.deviceClass && row.arch === birth.arch)
      outcomes.set(device, { kind: 'late' });
  }
  return outcomes;
};

/** A death counts for the connection it names: the Will of an earlier one may come after the device is back. */
const recordDeaths = async (db: Database, deaths: Round<'death'>): Promise<Outcomes> => {
  const rows = deaths.map(({ device, death }) => ({ id: device, ...death }));
  const gone = await db
    .update(devices)
    .set({
      deathConnection: sql`said.connection`,
      deathReason: sql`said.reason`,
      online: sql`${devices.online} and ${devices.connection} <> said.connection`,
    })
    .from(rowSetOfDevices(rows, 'id text, connection bigint, reason text'))
    .where(and(sql`${devices.id} = said.id`, sql`said.connection >= ${devices.connection}`))
    .returning(getTableColumns(devices));
  const outcomes = new Map<DeviceId, PresenceOutcome>(deaths.map(({ device }) => [device, { kind: 'late' }]));
  for (const row of gone) outcomes.set(row.id, recorded(row, new Date()));
  return outcomes;
};

/**
 * Telemetry is never retained, so whoever sends it is there. What the device runs, only its birth says; where that was
 * lost, the boot is another than ours.
 */
const recordTelemetries = async (
  db: Database,
  telemetries: Round<'telemetry'>,
  now: Date,
): Promise<Outcomes> => {
  const rows = telemetries.map(({ device, telemetry }) => ({
    id: device,
    health: telemetry.health,
    services: telemetry.services,
    telemetry,
  }));
  const seen = await db
    .update(devices)
    .set({
      online: true,
      health: sql`said.health`,
      services: sql`said.services`,
      telemetry: sql`said.telemetry`,
      lastSeenAt: now,
    })
    .from(rowSetOfDevices(rows, 'id text, health text, services jsonb, telemetry jsonb'))
    .where(and(sql`${devices.id} = said.id`, eq(devices.state, 'active')))
    .returning(getTableColumns(devices));
  return new Map(seen.map((row) => [row.id, recorded(row, now, row.bootId === row.telemetry?.bootId)]));
};

/**
 * What one birth says.
 *
 * @returns undefined where it changed nothing
 */
export const recordBirth = async (
  db: Database,
  birth: Birth,
  retained: boolean,
  now: Date,
): Promise<Device | undefined> =>
  recordOne(db, { kind: 'birth', device: birth.deviceId, birth, retained }, now);

/** One death, by the number of its connection. */
export const recordDeath = (
  db: Database,
  device: DeviceId,
  connection: number,
): Promise<Device | undefined> =>
  recordOne(db, { kind: 'death', device, death: { v: 1, connection, reason: 'lost' } }, new Date());

export const recordTelemetry = (
  db: Database,
  device: DeviceId,
  telemetry: Telemetry,
  now: Date,
): Promise<Device | undefined> => recordOne(db, { kind: 'telemetry', device, telemetry }, now);

const recordOne = async (db: Database, said: Said, now: Date): Promise<Device | undefined> => {
  const [outcome] = await recordPresence(db, [said], now);
  return outcome?.kind === 'recorded' ? outcome.device : undefined;
};
