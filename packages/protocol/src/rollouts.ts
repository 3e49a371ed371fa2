import { z } from 'zod';
import { AssignmentPolicy, ExecutionState } from './channel.ts';
import { ChannelName } from './channels.ts';
import { GroupName, QueryText } from './groups.ts';
import { ClassName, DeviceId, ExecutionId, GroupId, ReleaseId, RolloutId, Version } from './ids.ts';

/** Rollouts and their waves, as they cross the wire. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/** As fine as a database of single precision keeps it apart from none. */
const percent = z.number().min(0.001).max(100);
const seconds = (max: number) => z.int().min(0).max(max);
const MONTH_S = 2_592_000;
const limit = z.int().min(1).max(1_000_000);

/**
 * So many devices of a wave, or that share of all its devices; with both, whichever comes first.
 */
export const Threshold = z
  .strictObject({ count: limit.optional(), percent: percent.optional() })
  .refine(
    ({ count, percent: share }) => count !== undefined || share !== undefined,
    'count, percent or both',
  );
export type Threshold = z.infer<typeof Threshold>;

/** Who belongs to a wave: one of the four. None: everybody who is in no wave before it; only the last wave may say that. */
const selector = {
  /** a canary list; every event of the rollout says it */
  devices: z.array(DeviceId).min(1).max(1000).optional(),
  /** that many, in an order that no one can foretell and that stays */
  count: limit.optional(),
  /** until that share of all devices of the rollout is in it and the waves before: 5, then 25, then 100 */
  percent: percent.optional(),
  /** those of the rollout that it finds when they join */
  query: QueryText.min(1).optional(),
};

export const WaveCreate = z
  .strictObject({
    name: z.string().min(1).max(80).optional(),
    ...selector,
    /** healthy devices by which the wave has passed; absent: all its devices are decided, failures stay below the threshold */
    success: Threshold.optional(),
    /** absent: that of the rollout, which counts the waves together that have none of their own */
    failure: Threshold.optional(),
    /** how long a device must stay healthy after it has committed; absent: that of the rollout */
    soakSeconds: seconds(MONTH_S).optional(),
    /** somebody else than who created the rollout must let it begin */
    approval: z.boolean().optional(),
    /** beside that of the rollout */
    maxInFlight: limit.optional(),
  })
  .refine(
    (wave) => Object.keys(selector).filter((key) => key in wave).length <= 1,
    'at most one of devices, count, percent and query',
  );
export type WaveCreate = z.infer<typeof WaveCreate>;

/** A device whose update failed, rolled back or timed out is offered it again, after twice as long each time. */
export const Retries = z.strictObject({
  max: z.int().min(0).max(10),
  backoffSeconds: z.int().min(1).max(MONTH_S),
});
export type Retries = z.infer<typeof Retries>;

/** At the failure threshold. `rollback`: devices that committed the release go back to the one before it. */
export const OnFailure = z.enum(['stop', 'pause', 'rollback']);
export type OnFailure = z.infer<typeof OnFailure>;

/** What of a rollout may also be changed while it runs. */
export const ROLLOUT_LIMITS = {
  /** how many failed or rolled-back executions stop the rollout */
  failureThreshold: limit,
  /** beside it: that share of the devices of the waves that have begun and have no threshold of their own */
  failurePercent: percent,
  /** how many devices may be under way at once */
  maxInFlight: limit,
  /** how many devices are offered the release within any minute */
  maxPerMinute: limit,
  /** how long a wave waits, from its start on, for devices that are not connected; then they are left out until they are */
  offlinePatienceSeconds: z.int().min(1).max(MONTH_S),
  /** where rollouts want the same device, the higher goes first; 50 where nothing is said */
  priority: z.int().min(0).max(100),
};

/** What a rollout says of itself, beside the release and the devices. */
export const ROLLOUT_PLAN = {
  /** one after the other; absent: one of everybody */
  waves: z.array(WaveCreate).min(1).max(50).optional(),
  failurePercent: ROLLOUT_LIMITS.failurePercent.optional(),
  /** for waves that say nothing else; absent: none */
  soakSeconds: seconds(MONTH_S).optional(),
  /** absent: stop */
  onFailure: OnFailure.optional(),
  /** somebody else than who created it must let it begin */
  approval: z.boolean().optional(),
  startAt: time.optional(),
  /** nothing is offered after it */
  endAt: time.optional(),
  maxPerMinute: ROLLOUT_LIMITS.maxPerMinute.optional(),
  retries: Retries.optional(),
  /** how long no rollout offers anything to a device that has used up its retries; absent: not at all */
  penaltySeconds: seconds(MONTH_S).optional(),
  /** said: it may overlap with others */
  priority: ROLLOUT_LIMITS.priority.optional(),
  /** how long a device that takes a release of another rollout is waited for; absent: a day */
  conflictPatienceSeconds: z.int().min(1).max(MONTH_S).optional(),
  /** absent: for ever */
  offlinePatienceSeconds: ROLLOUT_LIMITS.offlinePatienceSeconds.optional(),
  /** when and how devices take the release; absent: at once */
  policy: z.strictObject(AssignmentPolicy.shape).optional(),
};

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
  failureThreshold: ROLLOUT_LIMITS.failureThreshold.default(1),
  maxInFlight: ROLLOUT_LIMITS.maxInFlight.default(100),
  ...ROLLOUT_PLAN,
});
export type RolloutCreate = z.infer<typeof RolloutCreate>;

/** What is left out stays; null: no such limit. */
export const RolloutChange = z.strictObject({
  failureThreshold: ROLLOUT_LIMITS.failureThreshold.optional(),
  failurePercent: ROLLOUT_LIMITS.failurePercent.nullable().optional(),
  maxInFlight: ROLLOUT_LIMITS.maxInFlight.optional(),
  maxPerMinute: ROLLOUT_LIMITS.maxPerMinute.nullable().optional(),
  offlinePatienceSeconds: ROLLOUT_LIMITS.offlinePatienceSeconds.nullable().optional(),
  priority: ROLLOUT_LIMITS.priority.optional(),
  /** later than now */
  endAt: time.nullable().optional(),
  onFailure: OnFailure.optional(),
});
export type RolloutChange = z.infer<typeof RolloutChange>;

/**
 * - `pending`: waits for somebody's approval, then `scheduled` until `startAt`, then `running`
 * - `paused`: offers nothing; what devices have begun goes on
 * - `stopped` at the failure threshold or at `endAt`; `aborted` by an operator
 * - `rolling_back`, then `rolled_back`: devices that had committed the release go back
 */
export const RolloutState = z.enum([
  'running',
  'completed',
  'stopped',
  'aborted',
  'scheduled',
  'pending',
  'paused',
  'rolling_back',
  'rolled_back',
]);
export type RolloutState = z.infer<typeof RolloutState>;

/** Nothing more comes of it. */
export const isOverRollout = (state: RolloutState): boolean =>
  state === 'completed' || state === 'stopped' || state === 'aborted' || state === 'rolled_back';

/** `pending` waits for an approval, `soaking` for its devices to stay healthy for long enough. */
export const WaveState = z.enum(['waiting', 'pending', 'running', 'soaking', 'passed', 'failed']);
export type WaveState = z.infer<typeof WaveState>;

const Judged = z.object({
  count: z.int().nullable(),
  percent: z.number().nullable(),
  /** devices that count for it now, and of how many */
  now: z.int(),
  of: z.int(),
});

export const Wave = z.object({
  index: z.int(),
  name: z.string().nullable(),
  /** as it was given */
  who: z.object(selector),
  state: WaveState,
  /** its devices as far as they are known; null: not yet */
  size: z.int().nullable(),
  /** devices by what became of their last offer */
  counts: z.partialRecord(ExecutionState, z.int()),
  /** not begun yet; of them not connected, as last seen */
  open: z.int(),
  offline: z.int(),
  /** left out, because they were not connected for too long; of an older server: absent */
  skipped: z.int().optional(),
  failed: z.int(),
  /** committed, and healthy over the soak */
  healthy: z.int(),
  /** committed, and watched until the soak is over; of an older server: absent */
  soaking: z.int().optional(),
  /** that had committed and fell ill before it was; counted as failed */
  unwell: z.int().optional(),
  /** going back to the release before: still on the way, of them not connected, back, and those that did not go */
  back: z.object({ open: z.int(), offline: z.int(), done: z.int(), stuck: z.int() }).nullable(),
  success: Judged.nullable(),
  failure: Judged,
  soakSeconds: z.int(),
  approval: z.boolean(),
  maxInFlight: z.int().nullable(),
  startedAt: time.nullable(),
  /** while it soaks: when the last of its devices will have */
  soakUntil: time.nullable(),
  finishedAt: time.nullable(),
});
export type Wave = z.infer<typeof Wave>;

export const Approval = z.object({
  /** the start, or the wave of that index */
  what: z.union([z.literal('start'), z.int()]),
  /** null: it is waited for */
  by: z.string().nullable(),
  at: time.nullable(),
  comment: z.string().nullable(),
});
export type Approval = z.infer<typeof Approval>;

export const Rollout = z.object({
  id: RolloutId,
  release: ReleaseId,
  deviceClass: ClassName,
  version: Version,
  state: RolloutState,
  /** why it stopped, or is paused */
  reason: z.string().nullable(),
  failureThreshold: z.int(),
  failurePercent: z.number().nullable(),
  maxInFlight: z.int(),
  maxPerMinute: z.int().nullable(),
  priority: z.int(),
  soakSeconds: z.int(),
  onFailure: OnFailure,
  retries: Retries.nullable(),
  penaltySeconds: z.int(),
  startAt: time.nullable(),
  endAt: time.nullable(),
  policy: AssignmentPolicy,
  /** for the devices that follow it; absent: see `RolloutCreate` */
  channel: ChannelName.optional(),
  group: GroupId.optional(),
  query: z.string().optional(),
  /** of what the query finds, only devices of these groups: whoever began it has a role on them alone */
  within: z.array(GroupId).optional(),
  /** devices by what became of their last offer */
  counts: z.partialRecord(ExecutionState, z.int()),
  /** while it runs: devices that were not offered the release yet, because they are offline or others go first */
  waiting: z.int().optional(),
  conflictPatienceSeconds: z.int(),
  /** null, and of an older server absent: for ever */
  offlinePatienceSeconds: z.int().nullable().optional(),
  /** other rollouts whose release devices of this one take now: how many, and when the first of them is given up */
  waitsFor: z.array(z.object({ rollout: RolloutId, devices: z.int(), until: time })),
  waves: z.array(Wave),
  /** all that it takes, in the order they come up */
  approvals: z.array(Approval),
  /** empty: by an older Slipway */
  createdBy: z.string(),
  createdAt: time,
  finishedAt: time.nullable(),
});
export type Rollout = z.infer<typeof Rollout>;

export const Execution = z.object({
  id: ExecutionId,
  rollout: RolloutId,
  device: DeviceId,
  release: ReleaseId,
  /** index of the wave of the device */
  wave: z.int(),
  /** how many offers of the rollout the device had, with this one */
  attempt: z.int(),
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
