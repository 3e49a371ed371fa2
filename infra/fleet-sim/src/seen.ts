import { ExecutionState, type DeviceId, type ExecutionId } from '@slipway/protocol';
import { emptyHistogram, mergeInto, type Histogram } from './histogram.ts';

/** What became of the devices, of one process or of all. Counts rise for ever unless they say `now`. */
export type Seen = {
  devices: number;
  /** now: connected, subscribed, and the broker has their birth */
  connected: number;
  /** connections that came that far */
  connects: number;
  /** connections that ended although nobody at the device wanted it */
  drops: number;
  /** that the broker refused */
  refused: number;
  boots: number;
  /** executions that came to a device for the first time */
  offered: number;
  /** devices that were asked for something and then for nothing */
  withdrawn: number;
  /** now: devices by what they reported last */
  inState: Partial<Record<ExecutionState, number>>;
  /** reports by state, each counted once however often it was sent */
  made: Partial<Record<ExecutionState, number>>;
  /** reports on the wire, repetitions as well */
  sent: number;
  /** reports that the server has said to have */
  acknowledged: number;
  /** executions asked for anew after the server had their outcome */
  doubleInstalls: number;
  /** trials armed more than once for one execution */
  doubleArms: number;
  blocks: number;
  blockBytes: number;
  blocksRefused: number;
  telemetry: number;
  commands: number;
  messagesUp: number;
  messagesDown: number;
  bytesUp: number;
  bytesDown: number;
  /** milliseconds from the offer to the report of a state */
  sinceOffer: Partial<Record<ExecutionState, Histogram>>;
  /** milliseconds from making a report to its acknowledgement */
  acknowledging: Histogram;
  /** of the simulator */
  cpuSeconds: number;
  rssBytes: number;
};

export const nothingSeen = (): Seen => ({
  devices: 0,
  connected: 0,
  connects: 0,
  drops: 0,
  refused: 0,
  boots: 0,
  offered: 0,
  withdrawn: 0,
  inState: {},
  made: {},
  sent: 0,
  acknowledged: 0,
  doubleInstalls: 0,
  doubleArms: 0,
  blocks: 0,
  blockBytes: 0,
  blocksRefused: 0,
  telemetry: 0,
  commands: 0,
  messagesUp: 0,
  messagesDown: 0,
  bytesUp: 0,
  bytesDown: 0,
  sinceOffer: {},
  acknowledging: emptyHistogram(),
  cpuSeconds: 0,
  rssBytes: 0,
});

type Counter = { [K in keyof Seen]: Seen[K] extends number ? K : never }[keyof Seen];

const isCounter = (key: string, seen: Seen): key is Counter => typeof seen[key as keyof Seen] === 'number'; // eslint-disable-line typescript/no-unsafe-type-assertion -- asked of its own keys

/** What several processes saw, together. */
export const sumOf = (all: readonly Seen[]): Seen => {
  const sum = nothingSeen();
  for (const seen of all) {
    for (const key of Object.keys(seen)) if (isCounter(key, seen)) sum[key] += seen[key];
    for (const state of ExecutionState.options) {
      const [inState, made, since] = [seen.inState[state], seen.made[state], seen.sinceOffer[state]];
      if (inState !== undefined) sum.inState[state] = (sum.inState[state] ?? 0) + inState;
      if (made !== undefined) sum.made[state] = (sum.made[state] ?? 0) + made;
      if (since !== undefined) mergeInto((sum.sinceOffer[state] ??= emptyHistogram()), since);
    }
    mergeInto(sum.acknowledging, seen.acknowledging);
  }
  return sum;
};

/** A report that the server has said to have; kept where the fleet is asked to. */
export type Acknowledged = {
  readonly device: DeviceId;
  readonly seq: number;
  readonly execution: ExecutionId;
  readonly state: ExecutionState;
};
