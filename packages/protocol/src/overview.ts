import { z } from 'zod';
import { DeviceCounts } from './api.ts';
import { ClassName } from './ids.ts';
import { Rollout } from './rollouts.ts';

/** The whole fleet at a glance. */
const time = z.iso.datetime();

/** `critical`: devices are not served or fail; `warning`: will be so if nobody looks; `info`: waits for somebody. */
export const Severity = z.enum(['critical', 'warning', 'info']);
export type Severity = z.infer<typeof Severity>;

export const AttentionCode = z.enum([
  'FLEET_STOPPED',
  'NO_GATEWAY',
  'STORE_FULL',
  'NO_BUILD_WORKER',
  'BUILD_FAILED',
  'QUALIFICATION_FAILED',
  'ROLLOUT_STOPPED',
  'ROLLOUT_PAUSED',
  'ROLLOUT_APPROVAL',
  'UPDATES_STUCK',
  'DEVICES_UNHEALTHY',
  'DEVICES_DEGRADED',
  'DEVICES_OFFLINE',
  'DISK_FULL',
  'DEVICES_HOT',
  'CERTIFICATES_EXPIRING',
  'SERVICES_RESTARTING',
  'DEVICES_PENDING',
  'DEVICES_BEHIND',
  'KEY_EXPIRING',
  'WEBHOOK_FAILING',
]);
export type AttentionCode = z.infer<typeof AttentionCode>;

/** Where somebody looks after it. */
export const AttentionTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('devices'), query: z.string() }),
  z.object({ kind: z.enum(['build', 'release', 'rollout', 'webhook', 'key']), id: z.string() }),
  z.object({ kind: z.literal('system') }),
]);
export type AttentionTarget = z.infer<typeof AttentionTarget>;

export const Attention = z.object({
  code: AttentionCode,
  severity: Severity,
  title: z.string(),
  /** what is done about it */
  advice: z.string(),
  /** how many devices or things it is about */
  count: z.int(),
  target: AttentionTarget,
  /** absent: it is not known */
  since: time.optional(),
});
export type Attention = z.infer<typeof Attention>;

/** Something that came to its end, or began. */
export const Activity = z.object({
  at: time,
  kind: z.enum(['build', 'release', 'rollout']),
  id: z.string(),
  state: z.string(),
  deviceClass: ClassName,
  version: z.string(),
  /** who set it off, where that is known */
  by: z.string().nullable(),
});
export type Activity = z.infer<typeof Activity>;

export const Overview = z.object({
  at: time,
  counts: DeviceCounts,
  /** worst first */
  attention: z.array(Attention),
  /** that are not over, newest first */
  rollouts: z.array(Rollout),
  /** newest first */
  activity: z.array(Activity),
});
export type Overview = z.infer<typeof Overview>;

/** How many active devices ran which version, at times that are `step` seconds apart. */
export const VersionHistory = z.object({
  step: z.int(),
  /** seconds since 1970 */
  times: z.array(z.int()),
  /** empty where it was not kept: of groups */
  online: z.array(z.int()),
  total: z.array(z.int()),
  /** newest version first; the rest of many is `version` null */
  series: z.array(
    z.object({ deviceClass: ClassName, version: z.string().nullable(), counts: z.array(z.int()) }),
  ),
});
export type VersionHistory = z.infer<typeof VersionHistory>;
