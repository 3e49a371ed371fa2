import { and, count, desc, eq, gte, inArray, isNotNull, lt, not, or, sql, type SQL } from 'drizzle-orm';
import type { TenantId } from '@slipway/protocol';
import type { Database } from '../../database.ts';
import {
  builds,
  channels,
  devices,
  executions,
  qualifications,
  releases,
  rollouts,
  webhooks,
} from '../../schema.ts';
import { getEmergencyStop } from '../emergency-stop.ts';
import { isLive } from '../executions.ts';
import { endingKeys } from '../keys.ts';

const DAY_MS = 86_400_000;
/** What failed longer ago is history. */
const LATELY_MS = 14 * DAY_MS;
/** A device that is connected says more often how far it is. */
const STUCK_MS = 30 * 60_000;
const MOST = 20;
export const OPEN = ['running', 'paused', 'pending', 'scheduled', 'rolling_back'] as const;

/** What there is to know of a fleet before somebody is told to look. */
export type Facts = Awaited<ReturnType<typeof findFacts>>;

/** @param near only of the devices that this holds for; @param nearRollouts of these rollouts */
export const findFacts = async (
  db: Database,
  tenant: TenantId,
  near: SQL | undefined,
  nearRollouts: SQL | undefined,
  now: Date,
) => ({
  stop: await getEmergencyStop(db, tenant),
  keys: await endingKeys(db, tenant, now),
  builds: await failedBuilds(db, now),
  qualifications: await failedQualifications(db, now),
  rollouts: await rolloutsToSee(db, nearRollouts, now),
  stuck: await stuckUpdates(db, near, now),
  behind: await devicesBehind(db, near),
  webhooks: await failingWebhooks(db),
});

/** Of each class the newest build, where that failed. */
const failedBuilds = async (db: Database, now: Date) => {
  const newest = db
    .selectDistinctOn([builds.deviceClass], {
      id: builds.id,
      deviceClass: builds.deviceClass,
      version: builds.version,
      state: builds.state,
      code: builds.code,
      finishedAt: builds.finishedAt,
    })
    .from(builds)
    .where(gte(builds.createdAt, new Date(now.getTime() - LATELY_MS)))
    .orderBy(builds.deviceClass, desc(builds.createdAt), desc(builds.counter))
    .as('newest');
  return db.select().from(newest).where(eq(newest.state, 'failed')).limit(MOST);
};

/** Of drafts, which wait for it. */
const failedQualifications = (db: Database, now: Date) =>
  db
    .select({
      release: releases.id,
      deviceClass: releases.deviceClass,
      version: releases.version,
      code: qualifications.code,
      finishedAt: qualifications.finishedAt,
    })
    .from(qualifications)
    .innerJoin(releases, eq(releases.id, qualifications.release))
    .where(
      and(
        eq(qualifications.state, 'failed'),
        eq(releases.state, 'draft'),
        gte(qualifications.createdAt, new Date(now.getTime() - LATELY_MS)),
      ),
    )
    .orderBy(desc(qualifications.createdAt))
    .limit(MOST);

/** That wait for somebody, or stopped lately and were not followed by another of the class. */
const rolloutsToSee = (db: Database, near: SQL | undefined, now: Date) =>
  db
    .select({
      id: rollouts.id,
      deviceClass: rollouts.deviceClass,
      version: rollouts.version,
      state: rollouts.state,
      reason: rollouts.reason,
      at: sql<Date>`coalesce(${rollouts.finishedAt}, ${rollouts.createdAt})`.mapWith(rollouts.createdAt),
    })
    .from(rollouts)
    .where(
      and(
        or(
          inArray(rollouts.state, ['paused', 'pending']),
          and(
            eq(rollouts.state, 'stopped'),
            gte(rollouts.finishedAt, new Date(now.getTime() - LATELY_MS)),
            sql`not exists (select from ${rollouts} later where later.device_class = ${rollouts.deviceClass}
              and later.created_at > ${rollouts.createdAt})`,
          ),
        ),
        near,
      ),
    )
    .orderBy(desc(rollouts.createdAt))
    .limit(MOST);

/** Devices that are connected, have begun a release, and have not been heard of it for long. */
const stuckUpdates = (db: Database, near: SQL | undefined, now: Date) =>
  db
    .select({ rollout: executions.rollout, version: rollouts.version, count: count() })
    .from(executions)
    .innerJoin(devices, eq(devices.id, executions.device))
    .innerJoin(rollouts, eq(rollouts.id, executions.rollout))
    .where(
      and(
        isLive,
        inArray(executions.state, [
          'ACCEPTED',
          'DOWNLOADING',
          'VERIFIED',
          'INSTALLING',
          'REBOOTING',
          'TRIAL',
        ]),
        lt(executions.updatedAt, new Date(now.getTime() - STUCK_MS)),
        or(devices.online, inArray(executions.state, ['REBOOTING', 'TRIAL'])),
        near,
      ),
    )
    .groupBy(executions.rollout, rollouts.version)
    .orderBy(desc(count()))
    .limit(MOST);

/**
 * Devices below the release of the channel that they follow; of those that follow none, below the newest of their class.
 * Not told of a release that is being rolled out, or is to be.
 */
const devicesBehind = async (db: Database, near: SQL | undefined) => {
  const newest = db
    .selectDistinctOn([releases.deviceClass], {
      deviceClass: releases.deviceClass,
      version: releases.version,
    })
    .from(releases)
    .where(eq(releases.state, 'published'))
    .orderBy(releases.deviceClass, sql`version_order(${releases.version}) collate "C" desc`)
    .as('newest');
  const isBelow = (version: SQL): SQL => sql`${devices.versionOrder} < version_order(${version}) collate "C"`;
  const isActive = and(eq(devices.state, 'active'), near);
  const isUnderWay = (version: SQL): SQL =>
    sql`exists (select from ${rollouts} where ${rollouts.deviceClass} = ${devices.deviceClass}
      and ${rollouts.version} = ${version} and ${inArray(rollouts.state, [...OPEN])})`;
  const following = await db
    .select({
      deviceClass: devices.deviceClass,
      channel: devices.channel,
      version: releases.version,
      count: count(),
    })
    .from(devices)
    .innerJoin(
      channels,
      and(eq(channels.deviceClass, devices.deviceClass), eq(channels.name, devices.channel)),
    )
    .innerJoin(releases, eq(releases.id, channels.release))
    .where(
      and(
        isActive,
        isNotNull(devices.channel),
        isBelow(sql`${releases.version}`),
        not(isUnderWay(sql`${releases.version}`)),
      ),
    )
    .groupBy(devices.deviceClass, devices.channel, releases.version);
  const others = await db
    .select({
      deviceClass: devices.deviceClass,
      channel: sql<null>`null`,
      version: newest.version,
      count: count(),
    })
    .from(devices)
    .innerJoin(newest, eq(newest.deviceClass, devices.deviceClass))
    .where(
      and(
        isActive,
        sql`${devices.channel} is null`,
        isBelow(sql`${newest.version}`),
        not(isUnderWay(sql`${newest.version}`)),
      ),
    )
    .groupBy(devices.deviceClass, newest.version);
  return [...following, ...others].sort((a, b) => b.count - a.count).slice(0, MOST);
};

const failingWebhooks = (db: Database) =>
  db
    .select({
      id: webhooks.id,
      url: webhooks.url,
      enabled: webhooks.enabled,
      reason: webhooks.disabledReason,
      failingSince: webhooks.failingSince,
    })
    .from(webhooks)
    .where(or(isNotNull(webhooks.failingSince), isNotNull(webhooks.disabledReason)))
    .limit(MOST);
