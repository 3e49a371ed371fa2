import { z } from 'zod';
import { Build } from './build-resource.ts';
import { HealthState, ServiceReport, SlotReport, Telemetry } from './channel.ts';
import { ChannelName, ReleaseChannel } from './channels.ts';
import { DeviceCommand } from './commands.ts';
import { EmergencyStop } from './emergency-stop.ts';
import { DeviceState } from './enrolment.ts';
import { AttributeValue, Group, GroupName } from './groups.ts';
import { AlarmName } from './alarms.ts';
import { AuditHead } from './audit.ts';
import {
  Arch,
  BuildId,
  ClassName,
  DeviceId,
  Digest,
  GroupId,
  ReleaseId,
  RootHash,
  SigningProfile,
  SlotName,
  TenantId,
  Version,
  WebhookId,
} from './ids.ts';
import { Qualification, QualificationState } from './qualification.ts';
import { Execution, Rollout } from './rollouts.ts';
import { VirtualDevice } from './virtual-devices.ts';

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
  /** the signing profile whose keys signed it; absent: the default one */
  signing: SigningProfile.optional(),
  /** where releases are shown or listed */
  qualification: QualificationState.optional(),
  createdAt: time,
});
export type Release = z.infer<typeof Release>;

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
  /** of its maintenance windows; null: it has only a rule, or is of before agents said it */
  timeZone: z.string().nullable(),
  /** seconds that its clocks were ahead of UTC at its last birth */
  utcOffset: z.int().nullable(),
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
  z.object({ ...ofTenant, kind: z.literal('qualification'), qualification: Qualification }),
  z.object({ ...ofTenant, kind: z.literal('rollout'), rollout: Rollout }),
  z.object({ ...ofTenant, kind: z.literal('execution'), execution: Execution }),
  z.object({ ...ofTenant, kind: z.literal('device'), device: Device }),
  z.object({ ...ofTenant, kind: z.literal('group'), group: Group, deleted: z.literal(true).optional() }),
  z.object({ ...ofTenant, kind: z.literal('command'), command: DeviceCommand }),
  z.object({ ...ofTenant, kind: z.literal('channel'), channel: ReleaseChannel }),
  z.object({ ...ofTenant, kind: z.literal('stop'), stop: EmergencyStop }),
  z.object({
    ...ofTenant,
    kind: z.literal('virtual-device'),
    virtualDevice: VirtualDevice,
    deleted: z.literal(true).optional(),
  }),
  /** only for admins: entries were added to the audit log */
  z.object({ ...ofTenant, kind: z.literal('audit'), head: AuditHead }),
  /** only for admins: deliveries of a webhook have begun or ended; one event tells of all within a second */
  z.object({ ...ofTenant, kind: z.literal('delivery'), webhook: WebhookId }),
  /** events may be missing before this one: read anew what is shown */
  z.object({ ...ofTenant, kind: z.literal('reset') }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;
