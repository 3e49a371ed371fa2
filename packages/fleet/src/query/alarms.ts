import { sql, type SQL } from 'drizzle-orm';
import { AlarmName } from '@slipway/protocol';
import { devices } from '../schema.ts';
import { METRICS } from './metrics.ts';

const DAY_MS = 86_400_000;

/** When alarms are raised. The table of devices keeps those of disk, temperature, slots and services: another limit is a migration too. */
export const ALARM_LIMITS = {
  offlineMs: DAY_MS,
  diskUsedPercent: 90,
  celsius: 85,
  /** a certificate lasts 90 days, and a device that is well renews it with a third of them left */
  certificateMs: 14 * DAY_MS,
} as const;

export type Facts = typeof devices.$inferSelect;

type Alarm = {
  readonly meaning: string;
  readonly raised: (device: Facts, now: Date) => boolean;
  /** the same in the database; NULL counts as no */
  readonly sql: (now: Date) => SQL;
};

const timestamp = (ms: number): SQL => sql`${new Date(ms).toISOString()}::timestamptz`;

/** Whoever was seen before then last is offline for too long. */
export const offlineSince = (now: Date): SQL => timestamp(now.getTime() - ALARM_LIMITS.offlineMs);

/** Only devices that are of the fleet raise alarms: one that was let out would for ever. */
const isWatched = (device: Facts): boolean => device.state === 'active';
const watched: SQL = sql`${devices.state} = 'active'`;

export const ALARMS: Readonly<Record<AlarmName, Alarm>> = {
  offline: {
    meaning: 'not connected, and last seen (or, if never, enrolled) more than a day ago',
    raised: ({ online, lastSeenAt, enrolledAt }, now) =>
      !online && (lastSeenAt ?? enrolledAt).getTime() < now.getTime() - ALARM_LIMITS.offlineMs,
    sql: (now) =>
      sql`not ${devices.online} and coalesce(${devices.lastSeenAt}, ${devices.enrolledAt}) < ${offlineSince(now)}`,
  },
  unhealthy: {
    meaning: '`health` is `failed`: a gate does not hold',
    raised: ({ health }) => health === 'failed',
    sql: () => sql`${devices.health} = 'failed'`,
  },
  degraded: {
    meaning: 'a slot is `FAILED`, so there is no release to go back to, or a service has stopped',
    raised: ({ slots, services }) =>
      slots?.a.state === 'FAILED' ||
      slots?.b.state === 'FAILED' ||
      services.some(({ state }) => state === 'stopped'),
    sql: () => sql`${devices.degraded}`,
  },
  disk_full: {
    meaning: `\`metric.disk_used\` is at least ${ALARM_LIMITS.diskUsedPercent} %`,
    raised: ({ telemetry }) =>
      telemetry !== null && (METRICS.disk_used.of(telemetry) ?? 0) >= ALARM_LIMITS.diskUsedPercent,
    sql: () => sql`${devices.diskFull}`,
  },
  hot: {
    meaning: `\`metric.cpu_temp\` is at least ${ALARM_LIMITS.celsius} °C`,
    raised: ({ telemetry }) =>
      telemetry !== null && (METRICS.cpu_temp.of(telemetry) ?? -Infinity) >= ALARM_LIMITS.celsius,
    sql: () => sql`${devices.hot}`,
  },
  certificate_expiring: {
    meaning: 'the certificate ends within 14 days, or has ended: the device should have renewed it long ago',
    raised: ({ certificateExpiresAt }, now) =>
      certificateExpiresAt !== null &&
      certificateExpiresAt.getTime() < now.getTime() + ALARM_LIMITS.certificateMs,
    sql: (now) =>
      sql`${devices.certificateExpiresAt} < ${timestamp(now.getTime() + ALARM_LIMITS.certificateMs)}`,
  },
  service_restarting: {
    meaning: 'a service is `restarting`',
    raised: ({ services }) => services.some(({ state }) => state === 'restarting'),
    sql: () => sql`${devices.restarting}`,
  },
};

export const alarmsOf = (device: Facts, now: Date): AlarmName[] =>
  isWatched(device) ? AlarmName.options.filter((name) => ALARMS[name].raised(device, now)) : [];

/** That one of the alarms is raised. */
export const alarmCondition = (names: readonly AlarmName[], now: Date): SQL =>
  sql`(${watched} and (${sql.join(
    names.map((name) => ALARMS[name].sql(now)),
    sql` or `,
  )}))`;
