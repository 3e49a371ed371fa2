import { isTerminal, type Desired, type ExecutionId, type Status } from '@slipway/protocol';
import type { Acknowledged, Seen } from '../seen.ts';
import { addTo, emptyHistogram } from '../histogram.ts';

const MAX_REMEMBERED = 32;

/** What a device was asked for and said, counted: in what all devices of the process have seen, and for it alone. */
export class Ledger {
  private readonly seen: Seen;
  private readonly acknowledged: Acknowledged[] | undefined;
  private shown: Status['state'] | null = null;
  private offeredAt = 0;
  private offered: ExecutionId | null = null;
  private isAsked = false;
  /** whose outcome the server has */
  private over: readonly ExecutionId[] = [];
  private armed: readonly ExecutionId[] = [];
  /** reports that are not acknowledged yet, and when each was made */
  private open: Map<number, number> | null = null;

  /** @param acknowledged where reports are kept; undefined: they are not */
  constructor(seen: Seen, acknowledged: Acknowledged[] | undefined) {
    this.seen = seen;
    this.acknowledged = acknowledged;
  }

  onDesired({ assignment }: Desired): void {
    if (assignment === null) {
      if (this.isAsked) this.seen.withdrawn += 1;
      this.isAsked = false;
      return;
    }
    this.isAsked = true;
    if (this.over.includes(assignment.execution)) this.seen.doubleInstalls += 1;
    if (assignment.execution === this.offered) return;
    this.offered = assignment.execution;
    this.offeredAt = performance.now();
    this.seen.offered += 1;
  }

  onArmed(execution: ExecutionId): void {
    if (this.armed.includes(execution)) this.seen.doubleArms += 1;
    this.armed = [...this.armed, execution].slice(-MAX_REMEMBERED);
  }

  onMade({ state, seq }: Status): void {
    const { inState, made, sinceOffer } = this.seen;
    if (this.shown !== null) inState[this.shown] = (inState[this.shown] ?? 0) - 1;
    inState[state] = (inState[state] ?? 0) + 1;
    this.shown = state;
    made[state] = (made[state] ?? 0) + 1;
    const now = performance.now();
    addTo((sinceOffer[state] ??= emptyHistogram()), now - this.offeredAt);
    (this.open ??= new Map()).set(seq, now);
  }

  onAcknowledged(device: Acknowledged['device'], { seq, execution, state }: Status): void {
    const madeAt = this.open?.get(seq);
    if (madeAt === undefined) return;
    this.open?.delete(seq);
    if (this.open?.size === 0) this.open = null;
    this.seen.acknowledged += 1;
    addTo(this.seen.acknowledging, performance.now() - madeAt);
    if (isTerminal(state)) this.over = [...this.over, execution].slice(-MAX_REMEMBERED);
    this.acknowledged?.push({ device, seq, execution, state });
  }
}
