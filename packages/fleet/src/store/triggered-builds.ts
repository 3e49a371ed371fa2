import { and, asc, count, eq, inArray, isNotNull, lte, ne, sql } from 'drizzle-orm';
import {
  codeOf,
  messageOf,
  SlipwayError,
  type Build,
  type Release,
  type ReleaseChannel,
  type ReleaseId,
  type Rollout,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { builds, triggeredBuilds, triggers } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { publishToChannel } from './channels.ts';
import { getQualification } from './qualifications.ts';
import { changeRelease, getRelease } from './releases.ts';
import { createRollout } from './rollouts.ts';

export type TriggeredRow = typeof triggeredBuilds.$inferSelect;
/** From the end of the build on. */
const DEFAULT_PATIENCE_S = 86_400;

type Key = Pick<TriggeredRow, 'run' | 'deviceClass'>;

const isRow = ({ run, deviceClass }: Key) =>
  and(eq(triggeredBuilds.run, run), eq(triggeredBuilds.deviceClass, deviceClass));

/** In the order in which they may begin. */
export const waitingTriggered = async (db: Database): Promise<TriggeredRow[]> =>
  db
    .select()
    .from(triggeredBuilds)
    .where(eq(triggeredBuilds.state, 'waiting'))
    .orderBy(asc(triggeredBuilds.rank), asc(triggeredBuilds.createdAt), asc(triggeredBuilds.deviceClass))
    .limit(200);

/** Why a build does not begin, in the transaction that would have begun it. */
export class NotNow extends Error {
  readonly why: 'turn' | 'taken';
  constructor(why: 'turn' | 'taken') {
    super(why === 'turn' ? 'other builds of the class go first' : 'another process has begun it');
    this.why = why;
  }
}

/**
 * Ties a build to what asked for it, in the transaction that makes the build: it is made once, whoever else tries.
 *
 * @throws {NotNow}
 */
export const attachBuild = async (
  tx: Database,
  row: TriggeredRow,
  { build, isNew }: { readonly build: Build; readonly isNew: boolean },
  now: Date,
): Promise<void> => {
  if (isNew) {
    // The class is held by who makes a build of it, so this count is true.
    const [others] = await tx
      .select({ count: count() })
      .from(builds)
      .where(
        and(
          eq(builds.deviceClass, row.deviceClass),
          ne(builds.id, build.id),
          inArray(builds.state, ['queued', 'building', 'signing']),
        ),
      );
    if ((others?.count ?? 0) >= row.plan.maxBuilds) throw new NotNow('turn');
  }
  const rows = await tx
    .update(triggeredBuilds)
    .set({ state: 'building', build: build.id, updatedAt: now })
    .where(and(isRow(row), eq(triggeredBuilds.state, 'waiting')))
    .returning();
  if (rows.length === 0) throw new NotNow('taken');
};

export const failTriggered = async (
  db: Database,
  row: Key,
  from: readonly TriggeredRow['state'][],
  error: unknown,
  now: Date,
): Promise<void> => {
  await db
    .update(triggeredBuilds)
    .set({ state: 'failed', code: codeOf(error), message: messageOf(error), updatedAt: now })
    .where(and(isRow(row), inArray(triggeredBuilds.state, [...from])));
};

/** Those whose build is over, or whose release is to be rolled out. */
export const triggeredToFollow = async (db: Database): Promise<TriggeredRow[]> =>
  (
    await db
      .select({ row: triggeredBuilds })
      .from(triggeredBuilds)
      .innerJoin(builds, eq(builds.id, triggeredBuilds.build))
      .where(
        and(
          inArray(triggeredBuilds.state, ['building', 'published']),
          inArray(builds.state, ['succeeded', 'failed', 'cancelled']),
        ),
      )
      .orderBy(asc(builds.counter))
      .limit(200)
  ).map(({ row }) => row);

/** What changed, to be told. */
export type Followed = {
  readonly release?: Release;
  readonly channel?: ReleaseChannel;
  readonly rollout?: Rollout;
};

const hold = async (
  tx: Database,
  row: Key,
  state: TriggeredRow['state'],
): Promise<TriggeredRow | undefined> => {
  const [mine] = await tx
    .select()
    .from(triggeredBuilds)
    .where(and(isRow(row), eq(triggeredBuilds.state, state)))
    .for('update');
  return mine;
};
const actorOf = async (tx: Database, row: TriggeredRow): Promise<string> => {
  const [trigger] = await tx
    .select({ name: triggers.name })
    .from(triggers)
    .where(eq(triggers.id, row.trigger));
  return `trigger:${trigger?.name ?? row.trigger}`;
};
const move = (tx: Database, row: Key, change: Partial<TriggeredRow>, now: Date): Promise<unknown> =>
  tx
    .update(triggeredBuilds)
    .set({ ...change, updatedAt: now })
    .where(isRow(row));

/**
 * After the end of a build: publishes its release if that was asked for, in the transaction that remembers it. While the
 * release is being qualified it waits.
 *
 * @throws {SlipwayError} as `publishToChannel` and `changeRelease`
 */
export const publishTriggered = (db: Database, key: Key, now: Date): Promise<Followed> =>
  db.transaction(async (tx) => {
    const row = await hold(tx, key, 'building');
    if (row?.build == null) return {};
    const [build] = await tx.select().from(builds).where(eq(builds.id, row.build));
    if (build?.state !== 'succeeded') {
      const code = build?.code ?? (build?.state === 'cancelled' ? 'BUILD_CANCELLED' : null);
      const message = build?.message ?? `the build was ${build?.state ?? 'lost'}`;
      await move(tx, row, { state: 'failed', code, message }, now);
      return {};
    }
    const { publish, rollout } = row.plan;
    if (!publish) {
      await move(tx, row, { state: 'done', release: build.release }, now);
      return {};
    }
    const waits = await waitsForQualification(tx, build.release);
    if (waits !== undefined) {
      if (row.message !== waits) await move(tx, row, { code: 'QUALIFICATION_PENDING', message: waits }, now);
      return {};
    }
    const state = rollout === undefined ? 'done' : 'published';
    await move(tx, row, { state, release: build.release, code: null, message: null }, now);
    const actor = await actorOf(tx, row);
    if (row.channel !== null)
      return publishToChannel(tx, { release: build.release, channel: row.channel, actor }, now);
    const draft = await getRelease(tx, build.release);
    if (draft.state === 'published') return {};
    const release = await changeRelease(tx, build.release, ['draft'], 'published');
    await recordAudit(tx, { actor, action: 'release.publish', subject: release.id });
    return { release };
  });

/** @returns what a release waits for that is being qualified */
const waitsForQualification = async (tx: Database, release: ReleaseId): Promise<string | undefined> => {
  const { state, step } = await getQualification(tx, release);
  if (state !== 'pending' && state !== 'running') return undefined;
  return `its qualification is ${step ?? state}`;
};

/**
 * Rolls out what was published, once for a build, in the transaction that remembers it. While another rollout is on the
 * same devices it waits; where a newer release of the same class and channel was published meanwhile, it is superseded.
 *
 * @throws {SlipwayError} as `createRollout`
 */
export const rollOutTriggered = (db: Database, key: Key, now: Date): Promise<Followed> =>
  db.transaction(async (tx) => {
    const row = await hold(tx, key, 'published');
    const asked = row?.plan.rollout;
    if (row?.release == null || asked === undefined) return {};
    const [same] = await tx
      .select({ rollout: triggeredBuilds.rollout })
      .from(triggeredBuilds)
      .where(
        and(
          eq(triggeredBuilds.release, row.release),
          isNotNull(triggeredBuilds.rollout),
          sql`${triggeredBuilds.channel} is not distinct from ${row.channel}`,
        ),
      )
      .limit(1);
    if (same !== undefined) {
      await move(tx, row, { state: 'done', rollout: same.rollout, code: null, message: null }, now);
      return {};
    }
    if (await isOvertaken(tx, row)) {
      const message = 'a newer release was published before this one could be rolled out';
      await move(tx, row, { state: 'superseded', code: null, message }, now);
      return {};
    }
    const wanted = {
      ...asked,
      release: row.release,
      ...(row.channel === null ? {} : { channel: row.channel }),
    };
    const actor = await actorOf(tx, row);
    let rollout: Rollout;
    try {
      rollout = await createRollout(tx, wanted, now, null, actor);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'CONFLICT') throw error;
      const patienceMs = (asked.conflictPatienceSeconds ?? DEFAULT_PATIENCE_S) * 1000;
      if (await isOverSince(tx, row, new Date(now.getTime() - patienceMs))) {
        const message = `it waited ${patienceMs / 1000} s: ${error.message}`;
        await move(tx, row, { state: 'failed', code: 'ROLLOUT_CONFLICT', message }, now);
        return {};
      }
      if (row.message !== error.message)
        await move(tx, row, { code: 'CONFLICT', message: error.message }, now);
      return {};
    }
    await move(tx, row, { state: 'done', rollout: rollout.id, code: null, message: null }, now);
    const details = { ...wanted };
    await recordAudit(tx, {
      actor,
      action: 'rollout.create',
      subject: rollout.id,
      details,
    });
    return { rollout };
  });

const isOverSince = async (tx: Database, row: TriggeredRow, until: Date): Promise<boolean> => {
  const ended = and(eq(sql<string>`${builds.id}`, row.build ?? ''), lte(builds.finishedAt, until));
  return (await tx.$count(builds, ended)) > 0;
};

const isOvertaken = async (tx: Database, row: TriggeredRow): Promise<boolean> => {
  const [own] = await tx
    .select()
    .from(builds)
    .where(eq(sql<string>`${builds.id}`, row.build ?? ''));
  const [newer] = await tx
    .select({ id: builds.id })
    .from(triggeredBuilds)
    .innerJoin(builds, eq(builds.id, triggeredBuilds.build))
    .where(
      and(
        eq(triggeredBuilds.trigger, row.trigger),
        eq(triggeredBuilds.deviceClass, row.deviceClass),
        sql`${triggeredBuilds.channel} is not distinct from ${row.channel}`,
        isNotNull(triggeredBuilds.release),
        sql`${builds.counter} > ${own?.counter ?? 0}`,
      ),
    )
    .limit(1);
  return newer !== undefined;
};
