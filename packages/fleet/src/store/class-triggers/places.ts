import { and, eq, isNull, lt, or } from 'drizzle-orm';
import {
  SlipwayError,
  type ClassName,
  type ClassTrigger,
  type ClassTriggerMode,
  type PlaceTriggersApproval,
  type PlaceTriggersChange,
  type SourceId,
} from '@slipway/protocol';
import type { Database } from '../../database.ts';
import { classTriggerPlaces, sources, type ReadClassFile } from '../../schema.ts';
import { recordAudit } from '../audit.ts';
import { recordDelivery } from '../deliveries.ts';
import { getSource } from '../sources.ts';
import { changingTriggers, type NextAt } from '../triggers.ts';
import { allTriggers, settleIn } from './settle.ts';

/** The image repository of the server. */
export const OWN_PLACE = '-';

type Row = typeof classTriggerPlaces.$inferSelect;

export const placeOf = (source: SourceId | null): string => source ?? OWN_PLACE;

/** A class file as it was read. */
export type ParsedClassFile = { readonly file: string } & (
  | { readonly deviceClass: ClassName; readonly triggers: readonly ClassTrigger[] }
  | { readonly fault: NonNullable<ReadClassFile['fault']> }
);

const ensure = async (tx: Database, source: SourceId | null): Promise<Row> => {
  const place = placeOf(source);
  await tx.insert(classTriggerPlaces).values({ place, source }).onConflictDoNothing();
  const [row] = await tx
    .select()
    .from(classTriggerPlaces)
    .where(eq(classTriggerPlaces.place, place))
    .for('update');
  if (row === undefined) throw new TypeError('a row that was inserted is not there');
  return row;
};

export const modeOf = (
  { mode, modes }: Pick<Row, 'mode' | 'modes'>,
  deviceClass: ClassName | null,
): ClassTriggerMode => (deviceClass === null ? mode : (modes[deviceClass] ?? mode));

/** What holds of a file under the mode of its class. */
const inForceOf = (
  row: Pick<Row, 'mode' | 'modes'>,
  file: Omit<ReadClassFile, 'fault'>,
): readonly ClassTrigger[] => {
  const mode = modeOf(row, file.deviceClass);
  if (mode === 'approval') return file.inForce;
  return mode === 'off' ? [] : file.named;
};

/** Files as they are after a look: what is broken stays as it was, and says so. */
const merge = (row: Row, read: readonly ParsedClassFile[]): ReadClassFile[] =>
  read.map((one): ReadClassFile => {
    const sameFile = row.files.find(({ file }) => file === one.file);
    if ('fault' in one)
      return { deviceClass: null, named: [], inForce: [], ...sameFile, file: one.file, fault: one.fault };
    const { file, deviceClass, triggers: named } = one;
    const before = row.files.find((other) => other.deviceClass === deviceClass);
    const after = { file, deviceClass, named, inForce: before?.inForce ?? [] };
    return { ...after, inForce: inForceOf(row, after), fault: null };
  });

/** Sets off what waits for pushes. */
const tellPush = async (tx: Database, before: Row, commit: string, now: Date): Promise<void> => {
  for (const { id, on, source, classFile, enabled, windowSeconds } of await allTriggers(tx)) {
    if (classFile === null || source !== before.source || on.kind !== 'push' || !enabled) continue;
    const facts = { branch: before.branch, commit, before: before.at, classFile };
    await recordDelivery(
      tx,
      {
        trigger: id,
        event: 'push',
        verdict: 'accepted',
        reason: `${before.branch} is at ${commit.slice(0, 12)}`,
        facts,
        run: {
          asked: { trigger: id, key: `push:${before.branch}`, cause: { kind: 'webhook', id, cause: facts } },
          windowMs: windowSeconds * 1000,
        },
      },
      now,
    );
  }
};

/** Whether a source is what was read; it may have become another, or have moved on, while that was done. */
const isAt = async (
  tx: Database,
  source: SourceId,
  branch: string | null,
  commit: string,
): Promise<boolean> => {
  const [row] = await tx
    .select({ branch: sources.branch, commit: sources.commit })
    .from(sources)
    .where(eq(sources.id, source))
    .for('share');
  return row?.branch === branch && row.commit === commit;
};

/**
 * Remembers what class files say, has triggers be accordingly, and sets off those that wait for pushes. Of several that
 * read the same, one does it.
 *
 * @param at.branch of a source; null: it is the image repository of the server
 */
export const recordClassFiles = (
  db: Database,
  {
    source,
    branch,
    at,
  }: { readonly source: SourceId | null; readonly branch: string | null; readonly at: string },
  read: readonly ParsedClassFile[],
  nextAt: NextAt,
  now: Date,
): Promise<void> =>
  changingTriggers(db, async (tx) => {
    if (source !== null && !(await isAt(tx, source, branch, at))) return;
    const before = await ensure(tx, source);
    if (before.at === at && before.branch === branch && before.code === null) return;
    await tx
      .update(classTriggerPlaces)
      .set({ branch, at, files: merge(before, read), readAt: now, code: null, message: null })
      .where(eq(classTriggerPlaces.place, before.place));
    await settleIn(tx, nextAt, now);
    const isPush = source !== null && before.at !== null && before.at !== at && before.branch === branch;
    if (isPush) await tellPush(tx, before, at, now);
  });

/** That class files could not be read as a whole; what was read before holds. */
export const recordUnread = async (
  db: Database,
  source: SourceId | null,
  fault: { readonly code: string; readonly message: string },
): Promise<void> => {
  const known = await classTriggerPlace(db, source);
  if (known?.code === fault.code && known.message === fault.message) return;
  await db.transaction(async (tx) => {
    const { place } = await ensure(tx, source);
    await tx.update(classTriggerPlaces).set(fault).where(eq(classTriggerPlaces.place, place));
  });
};

/**
 * Whether the branch of a source is to be fetched by whoever asks: of several, one is told so.
 *
 * @param changedAt of the source: its branch may be another
 */
export const takeLook = async (
  db: Database,
  source: SourceId,
  changedAt: Date,
  everyMs: number,
  now: Date,
): Promise<boolean> => {
  const { lookedAt, place } = classTriggerPlaces;
  await db.insert(classTriggerPlaces).values({ place: source, source }).onConflictDoNothing();
  const taken = await db
    .update(classTriggerPlaces)
    .set({ lookedAt: now })
    .where(
      and(
        eq(place, source),
        or(isNull(lookedAt), lt(lookedAt, changedAt), lt(lookedAt, new Date(now.getTime() - everyMs))),
      ),
    )
    .returning();
  return taken.length > 0;
};

export const classTriggerPlace = async (db: Database, source: SourceId | null): Promise<Row | undefined> =>
  (
    await db
      .select()
      .from(classTriggerPlaces)
      .where(eq(classTriggerPlaces.place, placeOf(source)))
  )[0];

const sourceOf = async (db: Database, place: string): Promise<SourceId | null> =>
  place === OWN_PLACE ? null : (await getSource(db, place)).id;

/**
 * Whether triggers of class files are taken from there.
 *
 * @param place id or name of a source, or `-`
 * @throws {SlipwayError} NOT_FOUND; REQUEST_INVALID
 */
export const changePlaceTriggers = (
  db: Database,
  place: string,
  { mode, deviceClass }: PlaceTriggersChange,
  by: { readonly actor: string; readonly nextAt: NextAt },
  now: Date,
): Promise<void> =>
  changingTriggers(db, async (tx) => {
    const row = await ensure(tx, await sourceOf(tx, place));
    if (mode === null && deviceClass === undefined)
      throw new SlipwayError(
        'REQUEST_INVALID',
        'An image repository has a mode: name the class that is to have none.',
      );
    const { [deviceClass ?? '']: _before, ...others }: Record<string, ClassTriggerMode> = row.modes;
    const after =
      deviceClass === undefined
        ? { mode: mode ?? row.mode, modes: row.modes }
        : { mode: row.mode, modes: mode === null ? others : { ...row.modes, [deviceClass]: mode } };
    const files = row.files.map((file) => ({ ...file, inForce: inForceOf(after, file) }));
    await tx
      .update(classTriggerPlaces)
      .set({ ...after, files })
      .where(eq(classTriggerPlaces.place, row.place));
    const details = { mode, ...(deviceClass === undefined ? {} : { deviceClass }) };
    await recordAudit(tx, { actor: by.actor, action: 'class-triggers.change', subject: row.place, details });
    await settleIn(tx, by.nextAt, now);
  });

/**
 * Has what class files name hold where that takes approval.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT where the class files are others by now
 */
export const approvePlaceTriggers = (
  db: Database,
  place: string,
  { deviceClass, at }: PlaceTriggersApproval,
  by: { readonly actor: string; readonly nextAt: NextAt },
  now: Date,
): Promise<void> =>
  changingTriggers(db, async (tx) => {
    const row = await ensure(tx, await sourceOf(tx, place));
    if (row.at !== at)
      throw new SlipwayError(
        'CONFLICT',
        `The class files have been read at ${row.at ?? 'no commit'} since. Look at what they name, and approve of that.`,
        { details: { at: row.at } },
      );
    const isMeant = (file: ReadClassFile): boolean =>
      (deviceClass === undefined || file.deviceClass === deviceClass) &&
      modeOf(row, file.deviceClass) === 'approval';
    const files = row.files.map((file) => (isMeant(file) ? { ...file, inForce: file.named } : file));
    await tx.update(classTriggerPlaces).set({ files }).where(eq(classTriggerPlaces.place, row.place));
    const approved = row.files.filter(isMeant).map(({ file, named }) => ({ file, named }));
    const details = { at, approved };
    await recordAudit(tx, { actor: by.actor, action: 'class-triggers.approve', subject: row.place, details });
    await settleIn(tx, by.nextAt, now);
  });
