import { eq, inArray } from 'drizzle-orm';
import {
  SlipwayError,
  type Arch,
  type ClassName,
  type DeviceId,
  type Registration,
  type RegistrationCreate,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newDeviceId } from '../new-id.ts';
import { devices, registrations } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

type Row = typeof registrations.$inferSelect;
type RowProblem = { readonly line: number; readonly message: string };

const MAX_PROBLEMS = 100;
/** in the message; the details have more */
const MAX_TOLD = 20;
/** Rows of one statement: a parameter each, and a statement takes 65,535 of them. */
const BATCH = 1000;

const toRegistration = (row: Row): Registration => ({
  deviceId: row.deviceId,
  deviceClass: row.deviceClass,
  serial: row.serial,
  keySha256: row.keySha256,
  name: row.name,
  tags: row.tags,
  attributes: row.attributes,
  createdAt: row.createdAt.toISOString(),
  usedAt: row.usedAt?.toISOString() ?? null,
});

export const listRegistrations = async (db: Database, page: Page): Promise<Paged<Registration>> => {
  const keys = keyset(page, { by: [registrations.deviceId], direction: 'asc' });
  const rows = await db
    .select({ row: registrations, key: keys.key })
    .from(registrations)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toRegistration),
    () => db.$count(registrations),
  );
};

/**
 * Takes over a list of devices that will come: the whole of it or nothing.
 *
 * @param archOf of the classes that the list names; a class that is missing does not exist
 * @throws {SlipwayError} IMPORT_INVALID, whose details name every line and what is wrong with it
 */
export const importRegistrations = (
  db: Database,
  rows: readonly RegistrationCreate[],
  archOf: ReadonlyMap<ClassName, Arch>,
  actor: string,
  now: Date,
): Promise<Registration[]> =>
  db.transaction(async (tx) => {
    const problems: RowProblem[] = [];
    const lineOf = (index: number): number => rows[index]?.line ?? index + 1;
    const twice = (what: string, valueOf: (row: RegistrationCreate) => string | undefined): void => {
      const first = new Map<string, number>();
      rows.forEach((row, index) => {
        const value = valueOf(row);
        if (value === undefined) return;
        const before = first.get(value);
        if (before === undefined) first.set(value, index);
        else
          problems.push({
            line: lineOf(index),
            message: `${what} ${value} stands on line ${lineOf(before)} already`,
          });
      });
    };
    twice('serial', ({ serial }) => serial);
    twice('keySha256', ({ keySha256 }) => keySha256);
    twice('deviceId', ({ deviceId }) => deviceId);

    const known = await knownOf(tx, rows);
    const values: (typeof registrations.$inferInsert)[] = [];
    rows.forEach((row, index) => {
      const complain = (message: string): void => void problems.push({ line: lineOf(index), message });
      const arch = archOf.get(row.deviceClass);
      if (arch === undefined) return complain(`there is no class ${row.deviceClass}`);
      if (row.serial !== undefined && known.serials.has(row.serial))
        complain(`serial ${row.serial} is registered already`);
      if (row.keySha256 !== undefined && known.keys.has(row.keySha256))
        complain(`keySha256 ${row.keySha256} is registered already`);
      if (row.deviceId !== undefined && known.ids.has(row.deviceId))
        complain(`there is a device ${row.deviceId} already, or one is registered`);
      values.push({
        deviceId: row.deviceId ?? newDeviceId(),
        deviceClass: row.deviceClass,
        arch,
        serial: row.serial ?? null,
        keySha256: row.keySha256 ?? null,
        name: row.name ?? null,
        tags: row.tags ?? [],
        attributes: row.attributes ?? {},
        createdAt: now,
      });
    });
    if (problems.length > 0) throw invalid(problems);

    const taken: Registration[] = [];
    for (let from = 0; from < values.length; from += BATCH) {
      const inserted = await tx
        .insert(registrations)
        .values(values.slice(from, from + BATCH))
        .returning();
      taken.push(...inserted.map(toRegistration));
    }
    await recordAudit(tx, {
      actor,
      action: 'device.import',
      subject: taken[0]?.deviceId ?? '',
      details: { count: taken.length, classes: [...new Set(rows.map(({ deviceClass }) => deviceClass))] },
    });
    return taken;
  });

const invalid = (problems: readonly RowProblem[]): SlipwayError => {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const told = sorted.slice(0, MAX_TOLD).map(({ line, message }) => `line ${line}: ${message}`);
  if (problems.length > MAX_TOLD) told.push(`and ${problems.length - MAX_TOLD} more`);
  return new SlipwayError(
    'IMPORT_INVALID',
    [...told, 'Nothing was taken; mend the list and import it again.'].join('\n'),
    { details: { lines: sorted.slice(0, MAX_PROBLEMS), total: problems.length } },
  );
};

const knownOf = async (tx: Database, rows: readonly RegistrationCreate[]) => {
  const ids = new Set<DeviceId>();
  const serials = new Set<string>();
  const keys = new Set<string>();
  for (let from = 0; from < rows.length; from += BATCH) {
    const part = rows.slice(from, from + BATCH);
    const deviceIds = part.flatMap(({ deviceId }) => (deviceId === undefined ? [] : [deviceId]));
    const inDevices = await tx.select({ id: devices.id }).from(devices).where(inArray(devices.id, deviceIds));
    for (const { id } of inDevices) ids.add(id);
    const same = await tx.select().from(registrations).where(inArray(registrations.deviceId, deviceIds));
    for (const { deviceId } of same) ids.add(deviceId);
    const bySerial = await tx
      .select({ serial: registrations.serial })
      .from(registrations)
      .where(
        inArray(
          registrations.serial,
          part.flatMap(({ serial }) => (serial === undefined ? [] : [serial])),
        ),
      );
    for (const { serial } of bySerial) if (serial !== null) serials.add(serial);
    const byKey = await tx
      .select({ key: registrations.keySha256 })
      .from(registrations)
      .where(
        inArray(
          registrations.keySha256,
          part.flatMap(({ keySha256 }) => (keySha256 === undefined ? [] : [keySha256])),
        ),
      );
    for (const { key } of byKey) if (key !== null) keys.add(key);
  }
  return { ids, serials, keys };
};

/**
 * Forgets that a device will come; one that has come stays as it is.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const removeRegistration = (db: Database, id: DeviceId, actor: string): Promise<void> =>
  db.transaction(async (tx) => {
    found(
      await tx.delete(registrations).where(eq(registrations.deviceId, id)).returning(),
      'registration',
      id,
    );
    await recordAudit(tx, { actor, action: 'device.unregister', subject: id });
  });
