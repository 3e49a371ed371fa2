import { and, asc, eq, gt, inArray, isNotNull, lt, notInArray, or, sql } from 'drizzle-orm';
import type { BuildId, Digest, ReleaseId, RetentionLimits } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { builds, channels, devices, releasePackages, releases, rollouts } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { isUnderWay } from './rollout-targets.ts';

const DAY_MS = 86_400_000;

const before = (now: Date, days: number): Date => new Date(now.getTime() - days * DAY_MS);

/** Releases that somebody runs, is to run, or goes back to: their bundle stays, whatever their age. */
const usedReleases = async (db: Database): Promise<ReadonlySet<string>> => {
  const used = new Set<string | null | undefined>();
  for (const row of await db
    .select({ id: channels.release, stones: channels.steppingStones })
    .from(channels)) {
    used.add(row.id);
    for (const { release } of row.stones) used.add(release);
  }
  for (const row of await db.selectDistinct({ id: rollouts.release }).from(rollouts).where(isUnderWay))
    used.add(row.id);
  for (const row of await db
    .selectDistinct({
      active: devices.release,
      a: sql<string | null>`${devices.slots}->'a'->>'release'`,
      b: sql<string | null>`${devices.slots}->'b'->>'release'`,
      asked: sql<string | null>`${devices.assignment}->>'release'`,
    })
    .from(devices))
    for (const id of [row.active, row.a, row.b, row.asked]) used.add(id);
  return new Set([...used].filter((id) => id !== null && id !== undefined));
};

/** Drafts past their time that nothing uses and that are not among the newest of their class. */
export const oldDrafts = async (db: Database, limits: RetentionLimits, now: Date): Promise<ReleaseId[]> => {
  const used = await usedReleases(db);
  const ranked = db
    .select({
      id: releases.id,
      createdAt: releases.createdAt,
      rank: sql<number>`row_number() over (partition by ${releases.deviceClass} order by ${releases.counter} desc)`.as(
        'rank',
      ),
    })
    .from(releases)
    .where(eq(releases.state, 'draft'))
    .as('ranked');
  const rows = await db
    .select({ id: ranked.id })
    .from(ranked)
    .where(and(lt(ranked.createdAt, before(now, limits.draftsDays)), gt(ranked.rank, limits.keepDrafts)));
  return rows.map(({ id }) => id).filter((id) => !used.has(id));
};

export const countDrafts = (db: Database): Promise<number> =>
  db.$count(releases, eq(releases.state, 'draft'));

/** @returns whether it still was a draft */
export const withdrawDraft = (db: Database, id: ReleaseId): Promise<boolean> =>
  db.transaction(async (tx) => {
    const [row] = await tx
      .update(releases)
      .set({ state: 'withdrawn' })
      .where(and(eq(releases.id, id), eq(releases.state, 'draft')))
      .returning({ id: releases.id });
    if (row === undefined) return false;
    await recordAudit(tx, {
      actor: 'retention',
      action: 'release.withdraw',
      subject: id,
      details: { reason: 'a draft that nobody published in time' },
    });
    return true;
  });

export type OldBuild = { readonly build: BuildId; readonly release: ReleaseId };

/** Builds that are over for longer than that, and whose release, if there is one, is withdrawn and nowhere in use. */
const buildsOver = async (db: Database, until: Date): Promise<OldBuild[]> => {
  const used = await usedReleases(db);
  const rows = await db
    .select({ build: builds.id, release: builds.release, state: builds.state, of: releases.state })
    .from(builds)
    .leftJoin(releases, eq(releases.build, builds.id))
    .where(
      and(
        inArray(builds.state, ['succeeded', 'failed', 'cancelled']),
        lt(builds.finishedAt, until),
        or(sql`${releases.state} is null`, eq(releases.state, 'withdrawn')),
      ),
    )
    .orderBy(asc(builds.finishedAt));
  return rows.filter(({ release }) => !used.has(release)).map(({ build, release }) => ({ build, release }));
};

export const buildsWithOldArtifacts = (
  db: Database,
  limits: RetentionLimits,
  now: Date,
): Promise<OldBuild[]> => buildsOver(db, before(now, limits.artifactsDays));
export const buildsWithOldLogs = (db: Database, limits: RetentionLimits, now: Date): Promise<OldBuild[]> =>
  buildsOver(db, before(now, Math.max(limits.logsDays, limits.artifactsDays)));

/** Said before the files go: nobody is sent to a file that is not there. What was in them is forgotten with them. */
export const forgetArtifacts = async (db: Database, ids: readonly BuildId[]): Promise<void> => {
  if (ids.length === 0) return;
  await db.transaction(async (tx) => {
    await tx
      .update(builds)
      .set({ artifacts: [] })
      .where(inArray(builds.id, [...ids]));
    const gone = tx
      .select({ id: releases.id })
      .from(releases)
      .where(inArray(releases.build, [...ids]));
    await tx.delete(releasePackages).where(inArray(releasePackages.release, gone));
    await tx
      .update(releases)
      .set({ packages: null, disks: [] })
      .where(inArray(releases.build, [...ids]));
  });
};

/** Image repositories that a build which is not over, or only lately was, is made from. */
export const neededSources = async (
  db: Database,
  limits: RetentionLimits,
  now: Date,
): Promise<ReadonlySet<Digest>> => {
  const rows = await db
    .selectDistinct({ source: builds.source })
    .from(builds)
    .where(
      and(
        isNotNull(builds.source),
        or(
          notInArray(builds.state, ['succeeded', 'failed', 'cancelled']),
          gt(builds.createdAt, before(now, limits.sourcesDays)),
        ),
      ),
    );
  return new Set(rows.flatMap(({ source }) => (source === null ? [] : [source])));
};

export const sourcesUntil = (limits: RetentionLimits, now: Date): Date => before(now, limits.sourcesDays);
