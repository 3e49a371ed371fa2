import { z } from 'zod';

const days = z.int().min(1).max(36_500);
const kept = z.int().min(0).max(1_000_000);

/** For how long things are kept that nothing needs any more. */
export const RetentionLimits = z.object({
  /** drafts that nobody published; the newest of a class stay */
  draftsDays: days,
  keepDrafts: kept,
  /** artifacts of builds that failed, were cancelled, or whose release was withdrawn */
  artifactsDays: days,
  /** logs of builds */
  logsDays: days,
  /** image repositories that no build needs */
  sourcesDays: days,
  /** reports of devices, commands with the logs that came for them, metrics, when they came and went, and snapshots of the fleet */
  reportsDays: days,
  /** where each device of a rollout was, after its end; executions and the counts of waves stay */
  rolloutDevicesDays: days,
  /** deliveries of webhooks that are over, with their tries */
  webhookDeliveriesDays: days,
  /** deliveries to triggers, and so many of each */
  triggerDeliveriesDays: days,
  keepTriggerDeliveries: kept,
  /** tokens of users that expired or were revoked */
  tokensDays: days,
  /** records of jobs that are over */
  queuesDays: days,
});
export type RetentionLimits = z.infer<typeof RetentionLimits>;

export const DEFAULT_LIMITS: RetentionLimits = {
  draftsDays: 30,
  keepDrafts: 5,
  artifactsDays: 14,
  logsDays: 90,
  sourcesDays: 14,
  reportsDays: 90,
  rolloutDevicesDays: 90,
  webhookDeliveriesDays: 30,
  triggerDeliveriesDays: 90,
  keepTriggerDeliveries: 1000,
  tokensDays: 90,
  queuesDays: 30,
};

/** In the order in which they go. */
export const RetainedKind = z.enum([
  'drafts',
  'artifacts',
  'logs',
  'sources',
  'reports',
  'commands',
  'metrics',
  'presence',
  'snapshots',
  'rollout-devices',
  'webhook-deliveries',
  'trigger-deliveries',
  'sessions',
  'tokens',
  'login-failures',
  'idempotency-keys',
  'queue-records',
]);
export type RetainedKind = z.infer<typeof RetainedKind>;

const inDays = (count: number): string => `${count} ${count === 1 ? 'day' : 'days'}`;

/** For how long each is kept, in words. What no setting names has a time of its own. */
export const keptFor = (kind: RetainedKind, limits: RetentionLimits): string => {
  const words: Readonly<Record<RetainedKind, string>> = {
    drafts: `${inDays(limits.draftsDays)}, and the newest ${limits.keepDrafts} of a class`,
    artifacts: `${inDays(limits.artifactsDays)} after a build failed, was cancelled or its release withdrawn`,
    logs: `${inDays(Math.max(limits.logsDays, limits.artifactsDays))} after such a build`,
    sources: `${inDays(limits.sourcesDays)} after the last build of them`,
    reports: `${inDays(limits.reportsDays)}, and the newest of a device`,
    commands: inDays(limits.reportsDays),
    metrics: `${inDays(limits.reportsDays)}; of those older than 2 days one point of an hour`,
    presence: inDays(limits.reportsDays),
    snapshots: inDays(limits.reportsDays),
    'rollout-devices': `${inDays(limits.rolloutDevicesDays)} after the end of the rollout`,
    'webhook-deliveries': `${inDays(limits.webhookDeliveriesDays)} after their end`,
    'trigger-deliveries': `${inDays(limits.triggerDeliveriesDays)}, at most ${limits.keepTriggerDeliveries} of a trigger`,
    sessions: 'until they end',
    tokens: `${inDays(limits.tokensDays)} after they expired or were revoked`,
    'login-failures': '1 day after the last',
    'idempotency-keys': '1 day',
    'queue-records': `${inDays(limits.queuesDays)} after their end`,
  };
  return words[kind];
};

const Amount = z.object({
  count: z.int(),
  /** on disk; rows of the database count for nothing here */
  bytes: z.int(),
});
export type RetentionAmount = z.infer<typeof Amount>;

export const RetentionReport = z.object({
  dryRun: z.boolean(),
  /** what is past its time, in the order in which it goes */
  items: z.array(Amount.extend({ kind: RetainedKind })),
  /** a run takes so much and no more; the server goes on with the rest by itself */
  more: z.boolean(),
});
export type RetentionReport = z.infer<typeof RetentionReport>;

export const RetentionRun = z.strictObject({
  dryRun: z.boolean().default(false).describe('Whether only to tell what would go.'),
});

export const Retention = z.object({
  limits: RetentionLimits,
  kinds: z.array(
    z.object({
      kind: RetainedKind,
      /** in words */
      kept: z.string(),
      there: Amount.describe('What lies there now, whatever its age.'),
      due: Amount.describe('What of it is past its time.'),
    }),
  ),
});
export type Retention = z.infer<typeof Retention>;
