import { DeviceId, ExecutionId, isTerminal, type ExecutionState, type WaveState } from '@slipway/protocol';
import { plan } from '../plan.ts';
import { EMPTY_TALLY, type MemberState, type Tally } from '../plan/members.ts';
import { isOutOfPatience } from '../plan/patience.ts';
import type { PlanAction, PlanInput, PlanRollout, PlanWatched, PlanWave } from '../plan/types.ts';

/** A fleet in memory that does what plans say, as the database does, with pages so small that they matter. */
const PAGE = 3;

export type WorldDevice = {
  online: boolean;
  runsIt: boolean;
  health: 'ok' | 'bad' | 'unknown';
  /** takes a release of another rollout */
  busy: boolean;
  isTarget: boolean;
};
type Member = {
  state: MemberState;
  wave: number;
  tries: number;
  attempt: number;
  notBefore: Date | null;
  code: string | null;
};
type Execution = {
  id: ExecutionId;
  device: DeviceId;
  wave: number;
  attempt: number;
  state: ExecutionState;
  settled: ExecutionState;
  superseded: boolean;
  code: string | null;
  halted: boolean;
  deadlineAt: Date;
  at: Date;
};

export const deviceId = (n: number): DeviceId => DeviceId.parse(`dev-${n}`);
export const minutes = (n: number): number => n * 60_000;

export const BASE: PlanRollout = {
  state: 'running',
  failureThreshold: 1,
  failurePercent: null,
  maxInFlight: 10,
  maxPerMinute: null,
  offeredLately: 0,
  onFailure: 'stop',
  retries: null,
  penaltySeconds: 0,
  patienceSeconds: 600,
  offlinePatienceSeconds: null,
  startAt: null,
  endAt: null,
  halted: false,
  isSwept: true,
  isPlaced: true,
};
export const WAVE: PlanWave = {
  index: 0,
  state: 'waiting',
  needsAll: false,
  approval: false,
  approved: false,
  soakSeconds: 0,
  success: null,
  failure: null,
  maxInFlight: null,
  forgiven: 0,
  startedAt: null,
  tally: EMPTY_TALLY,
};

const REOPENED: ReadonlySet<MemberState> = new Set(['busy', 'retrying']);

export class World {
  rollout: PlanRollout;
  waves: PlanWave[];
  now = new Date('2026-01-01T00:00:00Z');
  reason: string | undefined;
  readonly devices = new Map<DeviceId, WorldDevice>();
  readonly members = new Map<DeviceId, Member>();
  readonly waits = new Map<DeviceId, Date>();
  readonly penalties = new Map<DeviceId, Date>();
  readonly hinted = new Set<DeviceId>();
  /** of these, what the decision gets */
  private taken: ReadonlySet<DeviceId> = new Set();
  readonly withdrawn = new Set<ExecutionId>();
  executions: Execution[] = [];

  /** @param sizes of the waves */
  constructor(rollout: Partial<PlanRollout>, waves: readonly Partial<PlanWave>[], sizes: readonly number[]) {
    this.rollout = { ...BASE, ...rollout };
    this.waves = waves.map((wave, index) => ({ ...WAVE, ...wave, index }));
    let n = 0;
    sizes.forEach((size, wave) => {
      for (let left = size; left > 0; left -= 1) {
        n += 1;
        const device = deviceId(n);
        this.devices.set(device, { online: true, runsIt: false, health: 'ok', busy: false, isTarget: true });
        this.members.set(device, { state: 'open', wave, tries: 0, attempt: 0, notBefore: null, code: null });
      }
    });
  }

  tally(wave?: number): Tally {
    const tally = { ...EMPTY_TALLY };
    for (const member of this.members.values())
      if (wave === undefined || member.wave === wave) tally[member.state] += 1;
    return tally;
  }

  live(): Execution[] {
    return this.executions.filter(({ state }) => !isTerminal(state));
  }

  liveOf(device: DeviceId): Execution | undefined {
    return this.live().find((one) => one.device === device);
  }

  /** A report of a device. */
  report(device: DeviceId, state: ExecutionState, code: string | null = null): void {
    const execution = this.liveOf(device);
    if (execution === undefined) return;
    execution.state = state;
    execution.code = code;
    execution.at = this.now;
    const facts = this.devices.get(device);
    if (state === 'COMMITTED' && facts !== undefined) facts.runsIt = true;
  }

  change(device: DeviceId, over: Partial<WorldDevice>): void {
    const facts = this.devices.get(device);
    if (facts === undefined) return;
    Object.assign(facts, over);
    this.hinted.add(device);
  }

  setState(wave: number, state: WaveState): void {
    const startedAt = state === 'pending' ? null : this.now;
    this.waves = this.waves.map((one) =>
      one.index === wave ? { ...one, state, startedAt: one.startedAt ?? startedAt } : one,
    );
  }

  /** As the store takes in what happened. */
  private takeIn(): void {
    const isBad = (device: DeviceId): boolean => this.devices.get(device)?.health === 'bad';
    this.taken = new Set([...this.hinted].sort((a, b) => Number(isBad(b)) - Number(isBad(a))).slice(0, PAGE));
    for (const device of this.taken) this.hinted.delete(device);
    for (const [device, member] of this.members) {
      const facts = this.devices.get(device);
      const isDue = member.notBefore !== null && member.notBefore <= this.now;
      const isFree =
        this.taken.has(device) &&
        (((member.state === 'away' || member.state === 'skipped') && facts?.online === true) ||
          member.state === 'busy' ||
          (member.state === 'current' && facts?.runsIt === false));
      if (isFree || (isDue && REOPENED.has(member.state)))
        Object.assign(member, { state: 'open', notBefore: null });
    }
  }

  private memberOf({ device, attempt }: Execution) {
    const member = this.members.get(device);
    return member === undefined || member.attempt !== attempt
      ? {}
      : { member: { state: member.state, tries: member.tries } };
  }

  input(): PlanInput {
    const isOver = !['running', 'paused', 'pending', 'scheduled'].includes(this.rollout.state);
    const unsettled = this.executions.filter(
      ({ state, settled }) => state !== settled && (isTerminal(state) || isTerminal(settled)),
    );
    const ended = unsettled.slice(0, PAGE);
    const live = this.live()
      .filter(({ deadlineAt }) => isOver || deadlineAt <= this.now)
      .slice(0, PAGE);
    const isTaken = ([device]: readonly [DeviceId, Member]): number => Number(this.taken.has(device));
    const watched = [...this.members]
      .sort((a, b) => isTaken(b) - isTaken(a))
      .flatMap(([device, { state, wave, notBefore, tries, code }]): PlanWatched[] => {
        const facts = this.devices.get(device);
        const isDue = (notBefore !== null && notBefore <= this.now) || this.taken.has(device);
        const isWanted =
          this.rollout.state === 'rolling_back'
            ? state === 'healthy' ||
              state === 'soaking' ||
              state === 'unwell' ||
              ((state === 'reverting' || state === 'stranded') && isDue)
            : state === 'soaking' && isDue;
        if (!isWanted || facts === undefined) return [];
        if (
          state !== 'soaking' &&
          state !== 'reverting' &&
          state !== 'stranded' &&
          state !== 'healthy' &&
          state !== 'unwell'
        )
          return [];
        const isOverdue = code === 'SOAK_OVERDUE';
        return [
          {
            device,
            wave,
            state,
            notBefore,
            tries,
            online: facts.online,
            runsIt: facts.runsIt,
            health: facts.health,
            isOverdue,
          },
        ];
      });
    const absent = [...this.members].flatMap(([device, { state, wave }]) => {
      const own = this.waves.find(({ index }) => index === wave);
      const isLate = own !== undefined && isOutOfPatience(this.rollout, own, this.now);
      return state === 'away' && isLate && this.devices.get(device)?.online === false
        ? [{ device, wave }]
        : [];
    });
    const begun = this.waves.filter(({ state }) => state !== 'waiting' && state !== 'pending');
    const open = begun.flatMap(({ index }) =>
      [...this.members].filter(([, { state, wave }]) => state === 'open' && wave === index),
    );
    const candidates = open.slice(0, PAGE).flatMap(([device, { wave }]) => {
      const facts = this.devices.get(device);
      if (facts === undefined) return [];
      const waitsUntil = this.waits.get(device);
      return [
        {
          device,
          wave,
          isTarget: facts.isTarget,
          online: facts.online,
          current: facts.runsIt,
          penaltyUntil: this.penalties.get(device) ?? null,
          ...(waitsUntil === undefined ? {} : { waitsUntil }),
          ...(facts.busy
            ? {
                busy: { execution: ExecutionId.parse(`exe_${'9'.repeat(16)}`), isOurs: false, yields: false },
              }
            : {}),
        },
      ];
    });
    const minuteAgo = this.now.getTime() - minutes(1);
    return {
      rollout: {
        ...this.rollout,
        offeredLately: this.executions.filter(({ at, attempt }) => attempt > 0 && at.getTime() > minuteAgo)
          .length,
      },
      waves: this.waves.map((wave) => ({ ...wave, tally: this.tally(wave.index) })),
      ended: ended.map((one) => ({
        execution: one.id,
        device: one.device,
        wave: one.wave,
        state: one.state,
        code: one.code,
        at: one.at,
        halted: one.halted,
        ...this.memberOf(one),
      })),
      live: live.map((one) => ({
        execution: one.id,
        device: one.device,
        wave: one.wave,
        state: one.state,
        deadlineAt: one.deadlineAt,
        assigned: !this.withdrawn.has(one.id),
        outdated: false,
        ...this.memberOf(one),
      })),
      watched: watched.slice(0, PAGE),
      absent: absent.slice(0, PAGE),
      candidates,
      more: {
        ended:
          unsettled.length > PAGE || [...this.hinted].some((id) => this.devices.get(id)?.health === 'bad'),
        intake: this.hinted.size > 0,
        watched: watched.length > PAGE,
        absent: absent.length > PAGE,
        candidates: open.length > PAGE,
      },
    };
  }

  /** One decision, as one transaction. */
  decide(): { readonly actions: readonly PlanAction[]; readonly again: boolean } {
    this.takeIn();
    const planned = plan(this.input(), this.now);
    for (const action of planned.actions) this.apply(action);
    return planned;
  }

  /** Until nothing is left to decide. */
  settle(): readonly PlanAction[] {
    const all: PlanAction[] = [];
    for (let left = 500; left > 0; left -= 1) {
      const { actions, again } = this.decide();
      all.push(...actions);
      if (!again) return all;
    }
    throw new Error('the planner does not come to an end');
  }

  private executionOf(id: ExecutionId): Execution {
    const execution = this.executions.find((one) => one.id === id);
    if (execution === undefined) throw new Error(`the plan names ${id}, which is not there`);
    return execution;
  }

  private apply(action: PlanAction): void {
    switch (action.kind) {
      case 'offer':
        this.offer(action.device, action.wave, 'OFFERED');
        return;
      case 'wait':
        this.waits.set(action.device, new Date(this.now.getTime() + this.rollout.patienceSeconds * 1000));
        return;
      case 'unwait':
        this.waits.delete(action.device);
        return;
      case 'giveUp':
        this.waits.delete(action.device);
        this.offer(action.device, action.wave, 'CANCELED');
        return;
      case 'cancel':
        this.executionOf(action.execution).state = 'CANCELED';
        return;
      case 'withdraw':
        this.withdrawn.add(action.execution);
        return;
      case 'timeOut':
        this.executionOf(action.execution).state = 'TIMED_OUT';
        return;
      case 'settle': {
        const execution = this.executionOf(action.execution);
        execution.settled = execution.state;
        execution.superseded = action.superseded ?? execution.superseded;
        return;
      }
      case 'move': {
        const member = this.members.get(action.device);
        if (member === undefined) return;
        member.state = action.to;
        member.notBefore = action.notBefore ?? null;
        member.code = action.code ?? null;
        if (action.tried) member.tries += 1;
        return;
      }
      case 'leave':
        this.members.delete(action.device);
        return;
      case 'penalize':
        this.penalties.set(action.device, action.until);
        return;
      case 'wave':
        this.setState(action.wave, action.state);
        return;
      case 'begin':
        this.rollout = { ...this.rollout, state: 'running' };
        return;
      case 'pause':
        this.rollout = { ...this.rollout, state: 'paused' };
        this.reason = action.reason;
        return;
      case 'stop':
      case 'rollBack':
        this.rollout = { ...this.rollout, state: action.kind === 'stop' ? 'stopped' : 'rolling_back' };
        this.reason = action.reason;
        return;
      case 'complete':
      case 'rolledBack':
        this.rollout = { ...this.rollout, state: action.kind === 'complete' ? 'completed' : 'rolled_back' };
        return;
      case 'instruct':
      case 'preempt':
      case 'revert':
        return;
      default:
        return action satisfies never;
    }
  }

  private offer(device: DeviceId, wave: number, state: ExecutionState): void {
    const member = this.members.get(device);
    if (member === undefined) throw new Error(`${device} is no member`);
    if (this.liveOf(device) !== undefined) throw new Error(`${device} is offered two at once`);
    member.attempt += 1;
    if (state === 'OFFERED') Object.assign(member, { state: 'live', notBefore: null });
    this.executions.push({
      id: ExecutionId.parse(`exe_${String(this.executions.length + 1).padStart(16, '0')}`),
      device,
      wave,
      attempt: member.attempt,
      state,
      settled: state,
      superseded: false,
      code: null,
      halted: false,
      deadlineAt: new Date(this.now.getTime() + minutes(60)),
      at: this.now,
    });
  }
}
