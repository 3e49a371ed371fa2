import { z } from 'zod';
import { ClassName, ReleaseId, Version } from './ids.ts';

/** Channels of releases, per device class. Nothing to do with the device channel, which is MQTT. */
export const ChannelName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and hyphens, at most 63')
  .brand<'ChannelName'>();
export type ChannelName = z.infer<typeof ChannelName>;

/** A release that devices of the channel must have run before they take one above it. */
export const SteppingStone = z.object({ release: ReleaseId, version: Version });
export type SteppingStone = z.infer<typeof SteppingStone>;

export const ReleaseChannel = z.object({
  deviceClass: ClassName,
  name: ChannelName,
  /** null: none was published yet, or the last one was withdrawn */
  release: ReleaseId.nullable(),
  version: Version.nullable(),
  /** lowest version that devices which follow the channel may be given */
  floor: Version.nullable(),
  steppingStones: z.array(SteppingStone),
  /** how many devices follow it */
  devices: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type ReleaseChannel = z.infer<typeof ReleaseChannel>;

/** What is left out stays as it is. */
export const ChannelChange = z.strictObject({
  floor: Version.nullable().optional(),
  steppingStones: z.array(ReleaseId).max(32).optional(),
});
export type ChannelChange = z.infer<typeof ChannelChange>;

export const ChannelPublish = z.strictObject({
  release: ReleaseId,
  /** although its qualification failed, or is not over; the audit log says so */
  force: z.boolean().optional(),
});
export type ChannelPublish = z.infer<typeof ChannelPublish>;

/** null: the device follows none. */
export const ChannelFollow = z.strictObject({ channel: ChannelName.nullable() });
export type ChannelFollow = z.infer<typeof ChannelFollow>;

export const ChannelEvent = z.enum(['published', 'withdrawn']);
export type ChannelEvent = z.infer<typeof ChannelEvent>;

export const ChannelHistory = z.object({
  event: ChannelEvent,
  release: ReleaseId,
  version: Version,
  actor: z.string(),
  at: z.iso.datetime(),
});
export type ChannelHistory = z.infer<typeof ChannelHistory>;
