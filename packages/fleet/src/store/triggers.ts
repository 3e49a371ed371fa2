import { and, asc, eq, getTableColumns, isNotNull, isNull, lte, or, sql, type SQL } from 'drizzle-orm';
import {
  SlipwayError,
  type HookOn,
  type ClassName,
  type SourceId,
  type Trigger,
  type TriggerChange,
  type TriggerCreate,
  type TriggerId,
  type TriggerOn,
  type TriggerRule,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newTriggerId } from '../new-id.ts';
import { classTriggerPlaces, triggers, type TriggerMemory } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { closesCircle } from './release-circle.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { getSource, type Seal } from './sources.ts';

// What a trigger remembers may be large, and is of no interest where triggers are shown.
const { memory: _memory, ...columns } = getTableColumns(triggers);
export const TRIGGER_COLUMNS = columns;
type Row = Omit<typeof triggers.$inferSelect, 'memory'>;

export const takesHook = (on: TriggerOn): on is HookOn =>
  on.kind === 'push' ? on.forge !== undefined : on.kind === 'registry';

export const toTrigger = (row: Row): Trigger => ({
  id: row.id,
  name: row.name,
  enabled: row.enabled,
  source: row.source,
  classes: row.classes,
  on: row.on,
  rule: row.rule,
  perClass: row.perClass,
  windowSeconds: row.windowSeconds,
  maxBuilds: row.maxBuilds,
  classFile: row.classFile,
  hook: takesHook(row.on) ? `/hooks/${row.id}` : null,
  nextAt: row.nextAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

const isCalled = (name: string): SQL | undefined =>
  or(eq(triggers.name, name), eq(sql<string>`${triggers.id}`, name));

/** @param name or id @throws {SlipwayError} NOT_FOUND */
export const getTrigger = async (db: Database, name: string): Promise<Trigger> =>
  toTrigger(found(await db.select(columns).from(triggers).where(isCalled(name)), 'trigger', name));

/** The secret of its hook as it is kept. */
export const sealedSecret = async (db: Database, id: TriggerId): Promise<string | null> =>
  found(await db.select(columns).from(triggers).where(eq(triggers.id, id)), 'trigger', id).secret;

export const memoryOf = async (db: Database, id: TriggerId): Promise<TriggerMemory> => {
  const rows = await db.select({ memory: triggers.memory }).from(triggers).where(eq(triggers.id, id));
  return found(rows, 'trigger', id).memory;
};

/** What a trigger has resolved, and what it does with it. */
export type TriggerLocks = Pick<Trigger, 'id' | 'rule' | 'perClass'> & {
  readonly locks: NonNullable<TriggerMemory['locks']>;
};

/** Of all triggers of a source; null: of the image repository of the server. */
export const locksOfSource = async (db: Database, source: SourceId | null): Promise<TriggerLocks[]> => {
  const { id, rule, perClass, memory } = triggers;
  const rows = await db
    .select({ id, rule, perClass, memory })
    .from(triggers)
    .where(source === null ? isNull(triggers.source) : eq(triggers.source, source));
  return rows.map(({ memory: { locks = {} }, ...row }) => ({ ...row, locks }));
};

/** By name. */
export const listTriggers = async (db: Database, page: Page): Promise<Paged<Trigger>> => {
  const keys = keyset(page, { by: [triggers.name], direction: 'asc' });
  const rows = await db
    .select({ row: columns, key: keys.key })
    .from(triggers)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toTrigger),
    () => db.$count(triggers),
  );
};

const invalid = (message: string): SlipwayError => new SlipwayError('REQUEST_INVALID', message);

type Checked = Pick<Trigger, 'name' | 'source' | 'classes' | 'on' | 'rule' | 'perClass'>;

/** What no schema says: parts that do not go together. */
const check = ({ source, classes, on, rule, perClass }: Checked): void => {
  if (on.kind === 'push' && source === null)
    throw invalid('A push is to a git repository: name the source that the forge pushes to.');
  if (on.kind === 'release' && classes === null)
    throw invalid('A trigger by the release of a class names the classes that it builds.');
  const rules: [string, TriggerRule][] = [['rule', rule], ...Object.entries(perClass)];
  for (const [name, { rollout, publish }] of rules)
    if (rollout !== undefined && !publish)
      throw invalid(`${name}: only what is published is rolled out; say publish, too.`);
};

/** Releases that make builds that make releases … must come to an end. */
const refuseCycle = async (db: Database, own: Checked & { readonly id: TriggerId }): Promise<void> => {
  if (own.on.kind !== 'release') return;
  const all = await db.select({ id: triggers.id, on: triggers.on, classes: triggers.classes }).from(triggers);
  const others = all.filter(({ id }) => id !== own.id);
  if (!closesCircle(own, others)) return;
  throw new SlipwayError(
    'CONFLICT',
    `A release of ${own.on.deviceClass} would at last build ${own.on.deviceClass} again, without end. Leave one of these triggers out.`,
    { details: { deviceClass: own.on.deviceClass } },
  );
};

// Two that are saved at once could take one name, or close a circle.
export const changingTriggers = <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${triggers} in share row exclusive mode`);
    return work(tx);
  });

const refuseTaken = async (db: Database, name: string): Promise<void> => {
  const [taken] = await db.select({ id: triggers.id }).from(triggers).where(eq(triggers.name, name));
  if (taken === undefined) return;
  throw new SlipwayError('CONFLICT', `There is a trigger ${name} already (${taken.id}). Take another name.`, {
    details: { trigger: taken.id },
  });
};

/** When one that goes by time is due next; null: it does not go by time. */
export type NextAt = (on: TriggerOn, now: Date) => Date | null;

type By = { readonly actor: string; readonly seal: Seal<string>; readonly nextAt: NextAt };

/** What a class file says is changed there; all that is decided here is whether it builds. */
const refuseOfClassFile = ({ name, classFile }: Trigger, change: object): void => {
  if (classFile === null || Object.keys(change).every((key) => key === 'enabled')) return;
  throw new SlipwayError(
    'TRIGGER_OF_CLASS_FILE',
    `Trigger ${name} is named by ${classFile}. Change or remove it there; here it can be paused, and triggers of class files can be switched off.`,
    { details: { trigger: name, file: classFile } },
  );
};

/**
 * @param secret of its hook, if it takes one
 * @throws {SlipwayError} REQUEST_INVALID; NOT_FOUND for the source; CONFLICT where the name is taken, or releases would go round in a circle
 */
export const createTrigger = (
  db: Database,
  { secret, ...asked }: TriggerCreate,
  by: By,
  now: Date,
): Promise<Trigger> =>
  changingTriggers(db, async (tx) => {
    await refuseTaken(tx, asked.name);
    const id = newTriggerId();
    const source = asked.source === null ? null : (await getSource(tx, asked.source)).id;
    const settings = { ...asked, source };
    check(settings);
    await refuseCycle(tx, { ...settings, id });
    const rows = await tx
      .insert(triggers)
      .values({
        ...settings,
        id,
        secret: secret === undefined ? null : by.seal(secret, id),
        nextAt: by.nextAt(asked.on, now),
        createdAt: now,
        updatedAt: now,
      })
      .returning();
    await recordAudit(tx, {
      actor: by.actor,
      action: 'trigger.create',
      subject: id,
      details: { ...settings },
    });
    return toTrigger(found(rows, 'trigger', id));
  });

/** What a class file names for these classes from here on comes enabled. */
const forgetPause = async (tx: Database, { source, classes }: Trigger): Promise<void> => {
  const isPlace = source === null ? isNull(classTriggerPlaces.source) : eq(classTriggerPlaces.source, source);
  const [row] = await tx.select().from(classTriggerPlaces).where(isPlace).for('update');
  const paused = row?.paused.filter((name) => classes?.includes(name) !== true) ?? [];
  if (row !== undefined && paused.length < row.paused.length)
    await tx.update(classTriggerPlaces).set({ paused }).where(isPlace);
};

/** @throws {SlipwayError} NOT_FOUND, and as `createTrigger`; CONFLICT for another kind */
export const changeTrigger = (
  db: Database,
  name: string,
  { secret, ...change }: TriggerChange,
  by: By,
  now: Date,
): Promise<Trigger> =>
  changingTriggers(db, async (tx) => {
    const before = await getTrigger(tx, name);
    refuseOfClassFile(before, { ...change, ...(secret === undefined ? {} : { secret }) });
    if (change.name !== undefined && change.name !== before.name) await refuseTaken(tx, change.name);
    if (change.on !== undefined && change.on.kind !== before.on.kind)
      throw new SlipwayError(
        'CONFLICT',
        `Trigger ${before.name} is of kind ${before.on.kind}, which does not change. Make a new one.`,
      );
    const source = change.source == null ? change.source : (await getSource(tx, change.source)).id;
    const after = {
      name: change.name ?? before.name,
      enabled: change.enabled ?? before.enabled,
      source: source === undefined ? before.source : source,
      classes: change.classes === undefined ? before.classes : change.classes,
      on: change.on ?? before.on,
      rule: change.rule ?? before.rule,
      perClass: change.perClass ?? before.perClass,
      windowSeconds: change.windowSeconds ?? before.windowSeconds,
      maxBuilds: change.maxBuilds ?? before.maxBuilds,
    };
    check(after);
    await refuseCycle(tx, { ...after, id: before.id });
    const enabledAgain = after.enabled && !before.enabled;
    if (enabledAgain && before.classFile !== null) await forgetPause(tx, before);
    const rows = await tx
      .update(triggers)
      .set({
        ...after,
        ...(secret === undefined ? {} : { secret: by.seal(secret, before.id) }),
        // What was due while it was disabled is not made up for.
        ...(change.on !== undefined || enabledAgain ? { nextAt: by.nextAt(after.on, now) } : {}),
        updatedAt: now,
      })
      .where(eq(triggers.id, before.id))
      .returning();
    const details = { ...change, ...(secret === undefined ? {} : { secret: 'changed' }) };
    await recordAudit(tx, { actor: by.actor, action: 'trigger.change', subject: before.id, details });
    return toTrigger(found(rows, 'trigger', name));
  });

/** Its deliveries go with it, its builds stay. @throws {SlipwayError} NOT_FOUND */
export const deleteTrigger = (db: Database, name: string, actor: string): Promise<void> =>
  changingTriggers(db, async (tx) => {
    const trigger = await getTrigger(tx, name);
    const { id, name: called } = trigger;
    refuseOfClassFile(trigger, { deleted: true });
    await tx.delete(triggers).where(eq(triggers.id, id));
    await recordAudit(tx, { actor, action: 'trigger.delete', subject: id, details: { name: called } });
  });

/**
 * Triggers whose time has come, each given to one caller: its next time is set as it is taken. Times that passed while
 * nobody looked are one.
 *
 * @param fire what is to happen, in the same transaction
 */
export const takeDueTriggers = (
  db: Database,
  nextAt: NextAt,
  fire: (tx: Database, trigger: Trigger, due: Date) => Promise<void>,
  now: Date,
): Promise<number> =>
  db.transaction(async (tx) => {
    const due = await tx
      .select(columns)
      .from(triggers)
      .where(and(triggers.enabled, isNotNull(triggers.nextAt), lte(triggers.nextAt, now)))
      .orderBy(asc(triggers.nextAt))
      .limit(20)
      .for('update', { skipLocked: true });
    for (const row of due) {
      await tx
        .update(triggers)
        .set({ nextAt: nextAt(row.on, now) })
        .where(eq(triggers.id, row.id));
      await fire(tx, toTrigger(row), row.nextAt ?? now);
    }
    return due.length;
  });

/** Enabled ones that wait for a release of this class. */
export const releaseTriggers = async (db: Database, deviceClass: ClassName): Promise<Trigger[]> =>
  (
    await db
      .select(columns)
      .from(triggers)
      .where(
        and(
          triggers.enabled,
          sql`${triggers.on} ->> 'kind' = 'release'`,
          sql`${triggers.on} ->> 'deviceClass' = ${deviceClass}`,
        ),
      )
  ).map(toTrigger);
