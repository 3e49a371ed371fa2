import { desc, isNotNull, sql, type SQL } from 'drizzle-orm';
import type { Activity } from '@slipway/protocol';
import type { Database } from '../../database.ts';
import { builds, releases, rollouts } from '../../schema.ts';

/** Builds, releases and rollouts by when they came to where they are, newest first. */
export const recentActivity = async (
  db: Database,
  limit: number,
  nearRollouts: SQL | undefined,
): Promise<Activity[]> => {
  const built = await db
    .select({
      at: builds.finishedAt,
      id: builds.id,
      state: builds.state,
      deviceClass: builds.deviceClass,
      version: builds.version,
    })
    .from(builds)
    .where(isNotNull(builds.finishedAt))
    .orderBy(desc(builds.createdAt))
    .limit(limit);
  const released = await db
    .select({
      at: releases.createdAt,
      id: releases.id,
      state: releases.state,
      deviceClass: releases.deviceClass,
      version: releases.version,
    })
    .from(releases)
    .orderBy(desc(releases.createdAt))
    .limit(limit);
  const rolled = await db
    .select({
      at: sql`coalesce(${rollouts.finishedAt}, ${rollouts.createdAt})`.mapWith(rollouts.createdAt),
      id: rollouts.id,
      state: rollouts.state,
      deviceClass: rollouts.deviceClass,
      version: rollouts.version,
      by: rollouts.createdBy,
    })
    .from(rollouts)
    .where(nearRollouts)
    .orderBy(desc(rollouts.createdAt))
    .limit(limit);
  return [
    ...built.map((row) => ({ ...row, kind: 'build' as const, by: null })),
    ...released.map((row) => ({ ...row, kind: 'release' as const, by: null })),
    ...rolled.map((row) => ({ ...row, kind: 'rollout' as const, by: row.by === '' ? null : row.by })),
  ]
    .flatMap(({ at, ...rest }) => (at === null ? [] : [{ ...rest, at: at.toISOString() }]))
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, limit);
};
