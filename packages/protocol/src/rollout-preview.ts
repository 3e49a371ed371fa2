import { z } from 'zod';
import { ClassName, ReleaseId, RolloutId, Version } from './ids.ts';
import { Wave } from './rollouts.ts';

/** What a rollout would do if it were started now. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/** Devices as they are now; where waves go by a share, which ones is decided when the rollout is made. */
const devices = {
  devices: z.int(),
  /** of them, those that run the release already: nothing is done with them */
  current: z.int(),
  /** of the others, those that are connected; the rest is offered the release when it comes back */
  online: z.int(),
};

const bytes = z.object({
  /** every device loads all of each bundle on its way */
  most: z.int(),
  /** as earlier updates went, which could reuse what devices had; null: there are none to learn from */
  expected: z.int().nullable(),
});

/**
 * Seconds, for the devices that are connected, if none fails. What people have to approve is not in it.
 *
 * - `least`: soak times, rates and windows alone; the devices themselves take no time
 * - `likely`, `slow`: each device takes as long as half, as nine of ten of the earlier ones took; null: there are none
 */
const duration = z.object({ least: z.int(), likely: z.int().nullable(), slow: z.int().nullable() });

export const WavePreview = z.object({
  index: z.int(),
  name: z.string().nullable(),
  /** as it was asked for */
  who: Wave.shape.who,
  ...devices,
  bytes,
  duration,
  /** likely; null: nobody knows how long devices take */
  startsAt: time.nullable(),
  endsAt: time.nullable(),
  /** somebody must approve before it starts */
  approval: z.boolean(),
});
export type WavePreview = z.infer<typeof WavePreview>;

/** The code is stable, the message is for people. */
export const RolloutWarning = z.object({
  code: z.enum([
    'NO_DEVICES',
    'EMPTY_WAVE',
    'OFFLINE',
    'OVERLAP',
    'DOWNLOAD_ONLY',
    'NEEDS_CONSENT',
    'ENDS_TOO_EARLY',
    'NO_TIME_ZONE',
    'EMERGENCY_STOP',
  ]),
  message: z.string(),
});
export type RolloutWarning = z.infer<typeof RolloutWarning>;

export const RolloutPreview = z.object({
  release: ReleaseId,
  deviceClass: ClassName,
  version: Version,
  ...devices,
  waves: z.array(WavePreview),
  /** the ways to the release, most used first */
  routes: z.array(
    z.object({
      /** null: it is not known what they run */
      from: Version.nullable(),
      /** stepping stones that they take before it */
      through: z.array(z.object({ release: ReleaseId, version: Version })),
      devices: z.int(),
    }),
  ),
  /**
   * Where the policy has windows: devices that do not run the release yet, by the time zone that their windows are in, most
   * first. Null: it is not known, and taken for UTC.
   */
  zones: z.array(
    z.object({
      /** a name, or an offset such as `+01:00` */
      timeZone: z.string().nullable(),
      devices: z.int(),
      online: z.int(),
      /** when a window is first open there, from the start on */
      opensAt: time,
    }),
  ),
  bytes,
  duration,
  /** the earlier updates that the estimates come from: of this release if there are some, otherwise of its class */
  basis: z.object({ updates: z.int(), of: z.enum(['release', 'class']) }),
  /** other rollouts that are under way on some of these devices */
  overlaps: z.array(z.object({ rollout: RolloutId, version: Version, priority: z.int(), devices: z.int() })),
  warnings: z.array(RolloutWarning),
});
export type RolloutPreview = z.infer<typeof RolloutPreview>;
