import { z } from 'zod';
import {
  Arch,
  ClassName,
  DeviceId,
  Digest,
  ExecutionId,
  ReleaseId,
  RolloutId,
  RootHash,
  SlotName,
  Version,
} from './ids.ts';
import { TimeZone } from './time-zone.ts';

/** States of an execution: one device taking one release. Only a committed boot is success. */
export const ExecutionState = z.enum([
  'OFFERED',
  'ACCEPTED',
  'DEFERRED',
  'REJECTED',
  'DOWNLOADING',
  'VERIFIED',
  'INSTALLING',
  'REBOOTING',
  'TRIAL',
  'COMMITTED',
  'ROLLED_BACK',
  'FAILED',
  'TIMED_OUT',
  'CANCELED',
]);
export type ExecutionState = z.infer<typeof ExecutionState>;

export const TERMINAL_STATES = [
  'REJECTED',
  'COMMITTED',
  'ROLLED_BACK',
  'FAILED',
  'TIMED_OUT',
  'CANCELED',
] as const;
export const isTerminal = (state: ExecutionState): boolean =>
  (TERMINAL_STATES as readonly ExecutionState[]).includes(state);

/** Health of a device as the agent sees it. */
export const HealthState = z.enum(['starting', 'ok', 'failed']);
export type HealthState = z.infer<typeof HealthState>;

export const ServiceReport = z.object({
  name: z.string(),
  state: z.enum(['running', 'restarting', 'stopped']),
  /** how often it was started since boot */
  starts: z.int().min(0),
});
export type ServiceReport = z.infer<typeof ServiceReport>;

export const SlotReport = z.object({
  state: z.enum(['EMPTY', 'WRITING', 'VERIFIED', 'TRIAL', 'GOOD', 'FAILED']),
  release: ReleaseId.optional(),
  version: Version.optional(),
  rootHash: RootHash.optional(),
  /** why it FAILED: the last outcome of this slot */
  code: z.string().max(64).optional(),
});
export type SlotReport = z.infer<typeof SlotReport>;

export const WatchdogReport = z.object({
  /** of the driver */
  identity: z.string().max(128),
  /** seconds */
  timeout: z.int().min(1).optional(),
  /** the boot before this one ended in a reset by the watchdog */
  hasReset: z.boolean(),
});
export type WatchdogReport = z.infer<typeof WatchdogReport>;

/** Retained. Everything a new server instance needs to know of a device. */
export const Birth = z.object({
  v: z.literal(1),
  deviceId: DeviceId,
  deviceClass: ClassName,
  arch: Arch,
  bootId: z.string(),
  /** Rises with every connection of the device; lets the server tell a late Will from a current one. */
  connection: z.int().min(1),
  agentVersion: Version,
  activeSlot: SlotName,
  slots: z.object({ a: SlotReport, b: SlotReport }),
  health: HealthState,
  services: z.array(ServiceReport),
  execution: z.object({ id: ExecutionId, state: ExecutionState }).optional(),
  /** what can be told of why this boot is; older agents do not say */
  bootReason: z.enum(['watchdog', 'trial', 'ordinary']).optional(),
  /** null: the device has none; older agents do not say */
  watchdog: WatchdogReport.nullable().optional(),
  /** of its maintenance windows; absent: it has only a rule, or is an older agent */
  timeZone: TimeZone.optional(),
  /** seconds that its clocks are ahead of UTC now; older agents do not say */
  utcOffset: z.int().min(-86_400).max(86_400).optional(),
});
export type Birth = z.infer<typeof Birth>;

/** The Will, retained; also published on a clean disconnect. */
export const Death = z.object({
  v: z.literal(1),
  connection: z.int().min(1),
  reason: z.enum(['lost', 'shutdown']),
});
export type Death = z.infer<typeof Death>;

/** Time of day. */
const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'hours and minutes such as 02:30');

/** When a device may go down for an update, in its own time zone. */
export const MaintenanceWindow = z.object({
  /** days on which it opens, 1 is Monday; absent: every day */
  days: z.array(z.int().min(1).max(7)).min(1).max(7).optional(),
  from: timeOfDay,
  /** not after `from`: on the next day */
  to: timeOfDay,
});
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;

/** What else an assignment says about how it is taken. */
export const AssignmentPolicy = z.object({
  /**
   * install: by itself. soft: once somebody at the device consents, and by itself after the deadline. download: verified
   * in the slot, but not started before the same execution says otherwise. Absent: install
   */
  mode: z.enum(['install', 'soft', 'download']).optional(),
  /** hold back the reboot, and the download while the link is metered; absent: at any time */
  windows: z.array(MaintenanceWindow).min(1).max(16).optional(),
  /** seconds since 1970, after which neither windows nor a missing consent hold it back; absent: they hold for ever */
  deadline: z.int().min(0).optional(),
  /** raised by an operator, lets a device take a release once more that it has given up; absent: 0 */
  retry: z.int().min(0).optional(),
});
export type AssignmentPolicy = z.infer<typeof AssignmentPolicy>;

/** What is asked of a device, as the server keeps it. */
export const Assignment = z.object({
  execution: ExecutionId,
  rollout: RolloutId,
  release: ReleaseId,
  version: Version,
  bundle: z.object({ digest: Digest, size: z.int().min(1) }),
  /** seconds since 1970 */
  expiresAt: z.int(),
  ...AssignmentPolicy.shape,
});
export type Assignment = z.infer<typeof Assignment>;

/** As a device is told. */
export const DesiredAssignment = z.object({
  ...Assignment.shape,
  mode: z.enum(['install', 'download']).optional(),
  /**
   * With `download` this is mode soft: consent at the device, or the deadline, lets it start. Agents that do not know of
   * consent see the download alone, and wait.
   */
  consent: z.literal(true).optional(),
});
export type DesiredAssignment = z.infer<typeof DesiredAssignment>;

export const desiredAssignment = ({ mode, ...assignment }: Assignment): DesiredAssignment =>
  mode === 'soft'
    ? { ...assignment, mode: 'download', consent: true }
    : { ...assignment, ...(mode === undefined ? {} : { mode }) };

/**
 * Retained, down. A lower or equal `seq` than one seen before is ignored. The same execution with a higher one brings a
 * new policy, until the trial is armed.
 */
export const Desired = z.object({
  v: z.literal(1),
  seq: z.int().min(1),
  /** null: nothing is asked of the device; an execution that has not yet armed its trial stops. */
  assignment: DesiredAssignment.nullable(),
});
export type Desired = z.infer<typeof Desired>;

/** characters of ASCII; a device replaces all others, so that the message stays small in JSON too */
export const MAX_STATUS_LOG = 16 * 1024;

/**
 * A change of state of an execution. The device keeps it until the server acknowledges `seq` after its own commit;
 * the server deduplicates by (device, seq).
 */
export const Status = z.object({
  v: z.literal(1),
  seq: z.int().min(1),
  execution: ExecutionId,
  release: ReleaseId,
  state: ExecutionState,
  /** an error code; absent where nothing went wrong */
  code: z.string().optional(),
  message: z.string().max(4096).optional(),
  /** with ROLLED_BACK: the end of the logs of the failed boot */
  log: z.string().max(MAX_STATUS_LOG).optional(),
  /** a person at the device installs a file: the execution is the device's own, the server has offered nothing */
  local: z.literal(true).optional(),
  bootId: z.string(),
  slot: SlotName,
  /** bytes that came over the network, and that were reused from the active slot */
  bytesReceived: z.int().min(0).optional(),
  bytesReused: z.int().min(0).optional(),
});
export type Status = z.infer<typeof Status>;

/** Down: the server has committed the report. */
export const Ack = z.object({ v: z.literal(1), seq: z.int().min(1) });
export type Ack = z.infer<typeof Ack>;

/** QoS 0; may be lost. */
export const Progress = z.object({
  v: z.literal(1),
  execution: ExecutionId,
  phase: z.enum(['DOWNLOADING', 'INSTALLING']),
  /** bytes of the bundle that are in place, however they came */
  bytesDone: z.int().min(0),
  bytesTotal: z.int().min(1),
  bytesReceived: z.int().min(0),
  bytesReused: z.int().min(0),
});
export type Progress = z.infer<typeof Progress>;

/** The link that the default route goes over. */
export const LinkReport = z.object({
  kind: z.enum(['ethernet', 'wifi', 'cellular', 'other', 'none']),
  interface: z.string().max(64).optional(),
  metered: z.boolean(),
  /** connections to the broker since the agent started, but the first */
  reconnects: z.int().min(0),
});
export type LinkReport = z.infer<typeof LinkReport>;

/** A look in between, sent later with a whole one. */
export const TelemetrySample = z.object({
  /** seconds */
  uptime: z.number(),
  /** 0 to 1, of all processors, since the look before */
  cpuBusy: z.number().min(0).max(1).optional(),
  memoryAvailable: z.int().min(0).optional(),
  load1: z.number().optional(),
  /** degrees Celsius */
  temperature: z.number().optional(),
});
export type TelemetrySample = z.infer<typeof TelemetrySample>;

export const MAX_TELEMETRY_SAMPLES = 16;

/** QoS 0, every 30 s and when the health changes; less often over a metered link. Older agents send fewer fields. */
export const Telemetry = z.object({
  v: z.literal(1),
  bootId: z.string(),
  /** seconds */
  uptime: z.number(),
  health: HealthState,
  services: z.array(ServiceReport),
  /** bytes */
  memoryAvailable: z.int().min(0),
  memoryTotal: z.int().min(0),
  load1: z.number(),
  /** 0 to 1, of all processors, since the look before */
  cpuBusy: z.number().min(0).max(1).optional(),
  /** bytes of the file system of `/data` */
  diskFree: z.int().min(0).optional(),
  diskTotal: z.int().min(0).optional(),
  /** degrees Celsius, of the hottest thermal zone */
  temperature: z.number().optional(),
  /** starts of services beyond the first, in all */
  restarts: z.int().min(0).optional(),
  /** seconds from the start of the kernel until the agent ran */
  bootTime: z.number().min(0).optional(),
  link: LinkReport.optional(),
  /** gates that do not hold, such as `probe:page` */
  failing: z.array(z.string()).optional(),
  /** oldest first */
  samples: z.array(TelemetrySample).max(MAX_TELEMETRY_SAMPLES).optional(),
});
export type Telemetry = z.infer<typeof Telemetry>;

export const MAX_BLOCK_BYTES = 128 * 1024;

/**
 * QoS 0. The device asks for a range of the bundle. The answer on `stream/blk` carries the bytes as payload, `id` as
 * MQTT 5 correlation data (decimal text), and on refusal an empty payload and the user property `code`.
 */
export const StreamGet = z.object({
  v: z.literal(1),
  id: z.int().min(0),
  bundle: Digest,
  offset: z.int().min(0),
  length: z.int().min(1).max(MAX_BLOCK_BYTES),
});
export type StreamGet = z.infer<typeof StreamGet>;

export const ServerState = z.object({ v: z.literal(1), state: z.enum(['online', 'offline']) });
export type ServerState = z.infer<typeof ServerState>;
