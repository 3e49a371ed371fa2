import type {
  DeviceId,
  ExecutionId,
  ExecutionState,
  OnFailure,
  Retries,
  RolloutState,
  Threshold,
  WaveState,
} from '@slipway/protocol';
import type { MemberState, Tally } from './members.ts';

export type PlanRollout = {
  readonly state: RolloutState;
  readonly failureThreshold: number;
  readonly failurePercent: number | null;
  readonly maxInFlight: number;
  readonly maxPerMinute: number | null;
  /** offers of the last minute */
  readonly offeredLately: number;
  readonly onFailure: OnFailure;
  readonly retries: Retries | null;
  readonly penaltySeconds: number;
  readonly patienceSeconds: number;
  /** how long a wave waits for devices that are not connected; null: for ever */
  readonly offlinePatienceSeconds: number | null;
  readonly startAt: Date | null;
  readonly endAt: Date | null;
  /** an emergency stop is in force: nothing is offered, what is armed goes on */
  readonly halted: boolean;
  /** all devices were looked through once, and no look is under way */
  readonly isSwept: boolean;
  /** every member knows its wave */
  readonly isPlaced: boolean;
};

export type PlanWave = {
  readonly index: number;
  readonly state: WaveState;
  /** who belongs to it is known only once all devices of the rollout are */
  readonly needsAll: boolean;
  readonly approval: boolean;
  readonly approved: boolean;
  readonly soakSeconds: number;
  readonly success: Threshold | null;
  /** null: counts into that of the rollout */
  readonly failure: Threshold | null;
  readonly maxInFlight: number | null;
  readonly forgiven: number;
  readonly startedAt: Date | null;
  readonly tally: Tally;
};

/** An execution of which it is news that it is over, or that it goes on after all. */
export type PlanEnded = {
  readonly execution: ExecutionId;
  readonly device: DeviceId;
  readonly wave: number;
  readonly state: ExecutionState;
  readonly code: string | null;
  /** when it ended */
  readonly at: Date;
  /** a stop took the offer back */
  readonly halted: boolean;
  /** version of the stepping stone that it is for */
  readonly stone?: string;
  /** where its device is in the rollout; absent: the device had another offer since, or is no member any more */
  readonly member?: { readonly state: MemberState; readonly tries: number };
};

export type PlanLive = {
  readonly execution: ExecutionId;
  readonly device: DeviceId;
  readonly wave: number;
  readonly state: ExecutionState;
  readonly deadlineAt: Date;
  /** the device is still asked for it */
  readonly assigned: boolean;
  /** but by another policy than that of the rollout */
  readonly outdated: boolean;
  readonly stone?: string;
  readonly member?: { readonly state: MemberState; readonly tries: number };
};

/** A device that committed the release and is watched, or is to go back. */
export type PlanWatched = {
  readonly device: DeviceId;
  readonly wave: number;
  readonly state: 'soaking' | 'reverting' | 'stranded' | 'healthy' | 'unwell';
  readonly notBefore: Date | null;
  readonly tries: number;
  readonly online: boolean;
  /** runs the release, as far as is known */
  readonly runsIt: boolean;
  /** `bad` also where it only was so in between */
  readonly health: 'ok' | 'bad' | 'unknown';
  /** was given more time to come back */
  readonly isOverdue: boolean;
};

/** A member that is not connected, of a wave that waits no longer for it. */
export type PlanAbsent = { readonly device: DeviceId; readonly wave: number };

/** An open member of a wave that has begun. */
export type PlanCandidate = {
  readonly device: DeviceId;
  readonly wave: number;
  readonly isTarget: boolean;
  readonly online: boolean;
  /** already runs the release */
  readonly current: boolean;
  /** takes a release for another rollout */
  readonly busy?: { readonly execution: ExecutionId; readonly isOurs: boolean; readonly yields: boolean };
  /** it is on record that it waits for that other rollout; until when it does */
  readonly waitsUntil?: Date;
  readonly penaltyUntil: Date | null;
  /** what has to come first, and whether that can be had */
  readonly stone?: { readonly release: string; readonly usable: boolean };
};

export type PlanInput = {
  readonly rollout: PlanRollout;
  readonly waves: readonly PlanWave[];
  readonly ended: readonly PlanEnded[];
  /** past their deadline, outdated, or, where the rollout is over, all; a page of them */
  readonly live: readonly PlanLive[];
  readonly watched: readonly PlanWatched[];
  readonly absent: readonly PlanAbsent[];
  readonly candidates: readonly PlanCandidate[];
  /** of what there is more than the page holds */
  readonly more: {
    /** that ended, or whose health failed: nothing is offered before all of it is taken account of */
    readonly ended: boolean;
    /** else that happened to devices, or that may be members: offers go on, nothing is concluded */
    readonly intake: boolean;
    readonly watched: boolean;
    readonly absent: boolean;
    readonly candidates: boolean;
  };
};

export type PlanAction =
  /** create an execution and assign the release, or the stepping stone `via` */
  | { readonly kind: 'offer'; readonly device: DeviceId; readonly wave: number; readonly via?: string }
  /** put on record that the device waits for another rollout */
  | { readonly kind: 'wait'; readonly device: DeviceId }
  /** it does not wait any more */
  | { readonly kind: 'unwait'; readonly device: DeviceId }
  /** it has waited for too long: an execution that is over, CANCELED */
  | { readonly kind: 'giveUp'; readonly device: DeviceId; readonly wave: number }
  /** take back the offer of a rollout that goes after this one */
  | { readonly kind: 'preempt'; readonly execution: ExecutionId; readonly device: DeviceId }
  /** the execution is over: CANCELED, nothing is asked of the device any more */
  | { readonly kind: 'cancel'; readonly execution: ExecutionId }
  /** assign it again, as the policy of the rollout is now */
  | { readonly kind: 'instruct'; readonly execution: ExecutionId }
  /** the trial is armed and will end by itself; nothing more is asked of the device */
  | { readonly kind: 'withdraw'; readonly execution: ExecutionId }
  | { readonly kind: 'timeOut'; readonly execution: ExecutionId; readonly state: ExecutionState }
  /** its end is taken account of; superseded: another offer takes its place; absent: that stays as it is */
  | { readonly kind: 'settle'; readonly execution: ExecutionId; readonly superseded?: boolean }
  | {
      readonly kind: 'move';
      readonly device: DeviceId;
      readonly to: MemberState;
      readonly notBefore?: Date;
      readonly code?: string;
      /** version of the stepping stone that it runs now */
      readonly passed?: string;
      /** it used up one more */
      readonly tried?: true;
    }
  /** the rollout is not meant for it any more */
  | { readonly kind: 'leave'; readonly device: DeviceId }
  | { readonly kind: 'penalize'; readonly device: DeviceId; readonly until: Date }
  /** ask the device to go back to the release before this one */
  | { readonly kind: 'revert'; readonly device: DeviceId }
  | { readonly kind: 'wave'; readonly wave: number; readonly state: WaveState }
  | { readonly kind: 'begin' }
  | { readonly kind: 'pause' | 'stop' | 'rollBack'; readonly reason: string }
  | { readonly kind: 'complete' | 'rolledBack' };

export type Planned = {
  readonly actions: readonly PlanAction[];
  /** there may be more to do that a page had no room for */
  readonly again: boolean;
};
