import { isDeepStrictEqual } from 'node:util';
import { eq } from 'drizzle-orm';
import type { ClassName, ClassTrigger, Trigger } from '@slipway/protocol';
import type { Database } from '../../database.ts';
import { newTriggerId } from '../../new-id.ts';
import { classTriggerPlaces, sources, triggers } from '../../schema.ts';
import { recordAudit } from '../audit.ts';
import { changingTriggers, TRIGGER_COLUMNS, toTrigger, type NextAt } from '../triggers.ts';
import { isAs, isSettled, onOf, pausedOf, planPlace, ruleOf, type PlacePlan } from './plan.ts';

export const allTriggers = async (db: Database): Promise<Trigger[]> =>
  (await db.select(TRIGGER_COLUMNS).from(triggers).orderBy(triggers.name)).map(toTrigger);

const MAX_NAME = 63;

/** `edge-x86.cron`, and with a number where there is one already. */
const freeName = (deviceClass: ClassName, kind: string, taken: ReadonlySet<string>): string => {
  for (let number = 1; ; number++) {
    const end = number === 1 ? `.${kind}` : `.${kind}-${number}`;
    const name = `${deviceClass.slice(0, MAX_NAME - end.length)}${end}`;
    if (!taken.has(name)) return name;
  }
};

type Place = typeof classTriggerPlaces.$inferSelect & { readonly url: string | null };

const allPlaces = async (db: Database): Promise<Place[]> => {
  const rows = await db
    .select({ place: classTriggerPlaces, url: sources.url })
    .from(classTriggerPlaces)
    .leftJoin(sources, eq(classTriggerPlaces.source, sources.id))
    .orderBy(classTriggerPlaces.place);
  return rows.map(({ place, url }) => ({ ...place, url }));
};

/** In the words of the log: which class file it was, and where that was read. */
const auditOf = (place: Place, file: string) => ({
  actor: `class-file:${file}`,
  from: { file, source: place.source, at: place.at },
});

const create = async (
  tx: Database,
  place: Place,
  { file, deviceClass }: { readonly file: string; readonly deviceClass: ClassName },
  { named, enabled }: { readonly named: ClassTrigger; readonly enabled: boolean },
  taken: Set<string>,
  nextAt: NextAt,
  now: Date,
): Promise<void> => {
  const id = newTriggerId();
  const name = freeName(deviceClass, named.on, taken);
  taken.add(name);
  const settings = {
    name,
    enabled,
    source: place.source,
    classes: [deviceClass],
    on: onOf(named),
    rule: ruleOf(named),
    perClass: {},
    windowSeconds: 0,
    maxBuilds: 2,
    classFile: file,
  };
  await tx
    .insert(triggers)
    .values({ ...settings, id, nextAt: nextAt(settings.on, now), createdAt: now, updatedAt: now });
  const { actor, from } = auditOf(place, file);
  await recordAudit(tx, { actor, action: 'trigger.create', subject: id, details: { ...settings, from } });
};

const change = async (
  tx: Database,
  place: Place,
  file: string,
  { id, on }: Trigger,
  named: ClassTrigger,
  nextAt: NextAt,
  now: Date,
): Promise<void> => {
  const after = { on: onOf(named), rule: ruleOf(named), classFile: file };
  await tx
    .update(triggers)
    .set({
      ...after,
      ...(isDeepStrictEqual(on, after.on) ? {} : { nextAt: nextAt(after.on, now) }),
      updatedAt: now,
    })
    .where(eq(triggers.id, id));
  const { actor, from } = auditOf(place, file);
  await recordAudit(tx, { actor, action: 'trigger.change', subject: id, details: { ...after, from } });
};

const apply = async (
  tx: Database,
  place: Place,
  plan: PlacePlan,
  taken: Set<string>,
  nextAt: NextAt,
  now: Date,
): Promise<void> => {
  const paused = [...new Set([...place.paused, ...pausedOf(plan.leaving)])];
  if (paused.length > place.paused.length)
    await tx.update(classTriggerPlaces).set({ paused }).where(eq(classTriggerPlaces.place, place.place));
  for (const { id, name, classFile } of plan.leaving) {
    await tx.delete(triggers).where(eq(triggers.id, id));
    taken.delete(name);
    const { actor, from } = auditOf(place, classFile ?? '');
    await recordAudit(tx, { actor, action: 'trigger.delete', subject: id, details: { name, from } });
  }
  for (const { file, outcomes } of plan.classes)
    for (const outcome of outcomes) {
      const { deviceClass } = file;
      if (outcome.state !== 'taken' || deviceClass === null) continue;
      const { trigger, named } = outcome;
      const enabled = !plan.paused.includes(deviceClass);
      if (trigger === undefined)
        await create(tx, place, { file: file.file, deviceClass }, { named, enabled }, taken, nextAt, now);
      else if (!isAs(trigger, named) || trigger.classFile !== file.file)
        await change(tx, place, file.file, trigger, named, nextAt, now);
    }
};

/** In a transaction that holds the lock of triggers. */
export const settleIn = async (tx: Database, nextAt: NextAt, now: Date): Promise<void> => {
  for (const place of await allPlaces(tx)) {
    const all = await allTriggers(tx);
    const plan = planPlace(place, all);
    if (!isSettled(plan)) await apply(tx, place, plan, new Set(all.map(({ name }) => name)), nextAt, now);
  }
};

/**
 * Makes, changes and removes triggers until they are what class files say. Triggers that are made on the server change
 * what is needed, too, so it is looked at again and again.
 *
 * @returns whether anything was changed
 */
export const settleClassTriggers = async (db: Database, nextAt: NextAt, now: Date): Promise<boolean> => {
  const [places, all] = await Promise.all([allPlaces(db), allTriggers(db)]);
  if (places.every((place) => isSettled(planPlace(place, all)))) return false;
  await changingTriggers(db, (tx) => settleIn(tx, nextAt, now));
  return true;
};
