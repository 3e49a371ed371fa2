import { z } from 'zod';
import { Build } from './build-resource.ts';
import {
  AssignmentPolicy,
  ExecutionState,
  HealthState,
  ServiceReport,
  SlotReport,
  Telemetry,
} from './channel.ts';
import { ChannelName, ReleaseChannel } from './channels.ts';
import { DeviceCommand } from './commands.ts';
import { EmergencyStop } from './emergency-stop.ts';
import { DeviceState } from './enrolment.ts';
import { AttributeValue, Group, GroupName, QueryText } from './groups.ts';
import { AlarmName } from './alarms.ts';
import {
  Arch,
  BuildId,
  ClassName,
  DeviceId,
  Digest,
  ExecutionId,
  GroupId,
  ReleaseId,
  RolloutId,
  RootHash,
  SlotName,
  TenantId,
  Version,
} from './ids.ts';

/** Resources of the HTTP API under `/v1`, as they cross the wire. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

export const DeviceClass = z.object({
  name: ClassName,
  arch: Arch,
  images: z.array(z.string()),
  file: z.string(),
});
export type DeviceClass = z.infer<typeof DeviceClass>;

export const ReleaseState = z.enum(['draft', 'published', 'deprecated', 'withdrawn']);
export type ReleaseState = z.infer<typeof ReleaseState>;

/** Exists once its bundle is signed. */
export const Release = z.object({
  id: ReleaseId,
  build: BuildId,
  deviceClass: ClassName,
  arch: Arch,
  version: Version,
  counter: z.int(),
  state: ReleaseState,
  rootHash: RootHash,
  bundle: z.object({ digest: Digest, size: z.int() }),
  createdAt: time,
});
export type Release = z.infer<typeof Release>;

export const RolloutCreate = z.strictObject({
  release: ReleaseId,
  /** at most one of the three; none: every device of the class of the release */
  devices: z.array(DeviceId).min(1).optional(),
  /** those of the class that belong to it while the rollout runs; id or name */
  group: z.union([GroupId, GroupName]).optional(),
  /** those of the class that it finds while the rollout runs */
  query: QueryText.min(1).optional(),
  /** only devices that follow it */
  channel: ChannelName.optional(),
  /** also a deprecated release */
  force: z.boolean().optional(),
  /** how many failed or rolled-back executions stop the rollout */
  failureThreshold: z.int().min(1).max(1_000_000).default(1),
  /** how many devices may be under way at once */
  maxInFlight: z.int().min(1).max(1_000_000).default(100),
  /** how long a device that takes a release of another rollout is waited for; absent: a day */
  conflictPatienceSeconds: z.int().min(1).max(2_592_000).optional(),
  /** when and how devices take the release; absent: at once */
  policy: z.strictObject(AssignmentPolicy.shape).optional(),
});
export type RolloutCreate = z.infer<typeof RolloutCreate>;

export const RolloutState = z.enum(['running', 'completed', 'stopped', 'aborted']);
export type RolloutState = z.infer<typeof RolloutState>;

export const Rollout = z.object({
  id: RolloutId,
  release: ReleaseId,
  deviceClass: ClassName,
  version: Version,
  state: RolloutState,
  /** why it stopped */
  reason: z.string().nullable(),
  failureThreshold: z.int(),
  maxInFlight: z.int(),
  policy: AssignmentPolicy,
  /** for the devices that follow it; absent: see `RolloutCreate` */
  channel: ChannelName.optional(),
  group: GroupId.optional(),
  query: z.string().optional(),
  /** of what the query finds, only devices of these groups: whoever began it has a role on them alone */
  within: z.array(GroupId).optional(),
  counts: z.partialRecord(ExecutionState, z.int()),
  /** while it runs: devices that were not offered the release yet, because they are offline or others go first */
  waiting: z.int().optional(),
  conflictPatienceSeconds: z.int(),
  /** other rollouts whose release devices of this one take now: how many, and when the first of them is given up */
  waitsFor: z.array(z.object({ rollout: RolloutId, devices: z.int(), until: time })),
  createdAt: time,
  finishedAt: time.nullable(),
});
export type Rollout = z.infer<typeof Rollout>;

export const Execution = z.object({
  id: ExecutionId,
  rollout: RolloutId,
  device: DeviceId,
  release: ReleaseId,
  state: ExecutionState,
  code: z.string().nullable(),
  message: z.string().nullable(),
  /** of the boot that failed, where the device went back */
  log: z.string().nullable(),
  bytesDone: z.int(),
  bytesTotal: z.int(),
  bytesReceived: z.int(),
  bytesReused: z.int(),
  /** every state it went through, in order of arrival */
  history: z.array(
    z.object({ state: ExecutionState, at: time, code: z.string().nullable(), bootId: z.string().nullable() }),
  ),
  createdAt: time,
  updatedAt: time,
});
export type Execution = z.infer<typeof Execution>;

export const Device = z.object({
  id: DeviceId,
  deviceClass: ClassName,
  arch: Arch,
  state: DeviceState,
  /** that it sent when it enrolled */
  serial: z.string().nullable(),
  /** what operators say of it; what it reports itself is in all the other fields */
  name: z.string().nullable(),
  tags: z.array(z.string()),
  attributes: z.record(z.string(), AttributeValue),
  /** what is wrong with it now */
  alarms: z.array(AlarmName),
  /** only where one device is shown */
  groups: z.array(z.object({ id: GroupId, name: GroupName })).optional(),
  online: z.boolean(),
  health: HealthState.nullable(),
  activeSlot: SlotName.nullable(),
  slots: z.object({ a: SlotReport, b: SlotReport }).nullable(),
  release: ReleaseId.nullable(),
  version: Version.nullable(),
  agentVersion: Version.nullable(),
  bootId: z.string().nullable(),
  services: z.array(ServiceReport),
  /** the newest; absent: none has come */
  telemetry: Telemetry.optional(),
  enrolledAt: time,
  lastSeenAt: time.nullable(),
  /** null: it has none yet */
  certificateExpiresAt: time.nullable(),
  /** it gets no certificate any more */
  revokedAt: time.nullable(),
  decommissionedAt: time.nullable(),
  /** the channel it follows; absent: none */
  channel: ChannelName.optional(),
});
export type Device = z.infer<typeof Device>;

const Counted = z.array(z.object({ value: z.string().nullable(), count: z.int() }));
/** Devices that a query finds, by what they are, most first; `value` null: it is not known. */
export const DeviceCounts = z.object({
  total: z.int(),
  online: z.int(),
  byClass: Counted,
  byVersion: Counted,
  byHealth: Counted,
  byState: Counted,
  byAlarm: z.array(z.object({ value: AlarmName, count: z.int() })),
});
export type DeviceCounts = z.infer<typeof DeviceCounts>;

const ofTenant = {
  /** whose fleet it is about; nobody of another is told */
  tenant: TenantId.optional(),
};
/** Body of each server-sent event of `GET /v1/events`; `event:` is `kind`. */
export const LiveEvent = z.discriminatedUnion('kind', [
  z.object({ ...ofTenant, kind: z.literal('build'), build: Build }),
  z.object({ ...ofTenant, kind: z.literal('release'), release: Release }),
  z.object({ ...ofTenant, kind: z.literal('rollout'), rollout: Rollout }),
  z.object({ ...ofTenant, kind: z.literal('execution'), execution: Execution }),
  z.object({ ...ofTenant, kind: z.literal('device'), device: Device }),
  z.object({ ...ofTenant, kind: z.literal('group'), group: Group, deleted: z.literal(true).optional() }),
  z.object({ ...ofTenant, kind: z.literal('command'), command: DeviceCommand }),
  z.object({ ...ofTenant, kind: z.literal('channel'), channel: ReleaseChannel }),
  z.object({ ...ofTenant, kind: z.literal('stop'), stop: EmergencyStop }),
  /** events may be missing before this one: read anew what is shown */
  z.object({ ...ofTenant, kind: z.literal('reset') }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;
