import { and, count, desc, eq, gte, inArray, isNotNull, lt, or, sql, type SQL } from 'drizzle-orm';
import { ChannelName, ClassName, compareVersions, type TenantId } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../../backup/export-database.ts';
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
import { tallied } from '../device-tallies.ts';
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
 * Not told of a release that is being rolled out, or is to be. Devices are counted by what they run before any version is
 * compared: there are far fewer versions than devices.
 */
const devicesBehind = async (db: Database, near: SQL | undefined) => {
  const newest = await db
    .selectDistinctOn([releases.deviceClass], {
      deviceClass: releases.deviceClass,
      channel: sql<null>`null`,
      version: releases.version,
    })
    .from(releases)
    .where(eq(releases.state, 'published'))
    .orderBy(releases.deviceClass, sql`version_order(${releases.version}) collate "C" desc`);
  const ofChannels = await db
    .select({ deviceClass: channels.deviceClass, channel: channels.name, version: releases.version })
    .from(channels)
    .innerJoin(releases, eq(releases.id, channels.release));
  const open = await db
    .select({ deviceClass: rollouts.deviceClass, version: rollouts.version })
    .from(rollouts)
    .where(inArray(rollouts.state, [...OPEN]));
  const running = await runningVersions(db, near);
  return [...newest, ...ofChannels]
    .filter((one) => !open.some((o) => o.deviceClass === one.deviceClass && o.version === one.version))
    .map(({ deviceClass, channel, version }) => {
      const below = running.filter(
        (one) =>
          one.deviceClass === deviceClass &&
          one.channel === channel &&
          compareVersions(one.version, version) < 0,
      );
      return { deviceClass, channel, version, count: below.reduce((sum, one) => sum + one.count, 0) };
    })
    .filter(({ count: many }) => many > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST);
};

const Running = z.object({
  deviceClass: ClassName,
  channel: ChannelName.nullable(),
  version: z.string(),
  count: z.coerce.number(),
});

/** What active devices run that have said so. Of all of them it is what triggers counted. */
const runningVersions = (db: Database, near: SQL | undefined) =>
  rowsOf(
    db,
    Running,
    near === undefined
      ? sql`select device_class as "deviceClass", nullif(key, '') as channel, value as version, sum(count) as count
          from ${tallied(['runs'])} as t where state = 'active' and value <> '' group by 1, 2, 3`
      : sql`select ${devices.deviceClass} as "deviceClass", ${devices.channel} as channel, ${devices.version} as version, count(*) as count
          from ${devices} where ${devices.state} = 'active' and ${devices.version} is not null and ${near} group by 1, 2, 3`,
  );

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
