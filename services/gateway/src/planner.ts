import {
  desiredOfAll,
  planOnce,
  rolloutsDue,
  rolloutsToPlan,
  type Applied,
  type Database,
  type Deadlines,
} from '@slipway/fleet';
import { deviceTopic, type Desired, type DeviceId, type RolloutId, type TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { Channel } from './channel.ts';
import { gathered } from './gathered.ts';
import type { Lanes } from './lanes.ts';
import type { LiveChanges } from './live-changes.ts';
import { createTurns } from './turns.ts';
import type { Urgent } from './urgent.ts';

const MAX_ASKED = 1000;
const PLANS_AT_ONCE = 1;
/** One right after the other; then other rollouts have their turn. */
const DECISIONS = 8;
/** So long devices are told of their offers later: those that answer at once would slow down what is decided for the others. */
const TELL_AFTER_MS = 1500;

/** Makes rollouts move, and what the database asks of devices known to them. */
export type Planner = {
  /** something about the rollout changed */
  readonly wake: (rollout: RolloutId) => void;
  readonly wakeAll: () => Promise<void>;
  readonly wakeLate: () => Promise<void>;
  /** what is asked of the device changed */
  readonly publishDesired: (device: DeviceId) => void;
  /** @returns whether the broker has what is asked of each now */
  readonly settleDesired: (devices: Iterable<DeviceId>) => Promise<boolean>;
  /** tells whoever looks on */
  readonly tell: (rollout: RolloutId) => void;
};

type Needs = {
  readonly db: Database;
  readonly changes: Pick<LiveChanges, 'executions' | 'rollout'>;
  readonly logger: Logger;
  readonly lanes: Lanes;
  readonly tenant: TenantId;
  readonly publish: Channel['publish'];
  readonly sendCommand: (job: unknown) => Promise<void>;
  readonly deadlines?: Deadlines | undefined;
  readonly urgent: Urgent;
  /** has reports wait while devices are offered something */
  readonly offering: Urgent;
  /** the device may no longer read what it read before */
  readonly onAssigned: (device: DeviceId) => void;
};

export const createPlanner = (needs: Needs): Planner => {
  const { db, lanes } = needs;

  // Read when its turn comes, so that what the broker retains last is what was decided last.
  const askDesired = gathered((ids: readonly DeviceId[]) => desiredOfAll(db, ids), MAX_ASKED);
  const publish = async (device: DeviceId): Promise<void> => {
    const desired = await askDesired(device);
    if (desired === undefined) return;
    const payload = JSON.stringify(desired satisfies Desired);
    await needs.publish(deviceTopic(needs.tenant, device, 'desired'), payload, { qos: 1, retain: true });
  };
  const publishDesired = (device: DeviceId): void => {
    needs.onAssigned(device);
    lanes.run(`desired:${device}`, () => publish(device));
  };
  const settleOne = async (device: DeviceId): Promise<boolean> => {
    needs.onAssigned(device);
    const settled = Promise.withResolvers<boolean>();
    const isTaken = lanes.run(`desired:${device}`, async () => {
      const work = publish(device);
      settled.resolve(
        work.then(
          () => true,
          () => false,
        ),
      );
      await work;
    });
    return isTaken && settled.promise;
  };

  const settleDesired = async (devices: Iterable<DeviceId>): Promise<boolean> =>
    (await Promise.all([...devices].map(settleOne))).every(Boolean);

  /** Devices with offers of which they are not told yet, and since when. Where they are lost, the next gateway tells. */
  const untold = new Map<RolloutId, { readonly devices: DeviceId[]; readonly since: number }>();
  const tell = (rollout: RolloutId, { devices, actions, more }: Applied): void => {
    const { devices: earlier, since } = untold.get(rollout) ?? { devices: [], since: performance.now() };
    const all = [...earlier, ...devices];
    const mayWait = more && actions.some(({ kind }) => kind === 'offer');
    if (mayWait && performance.now() - since < TELL_AFTER_MS) untold.set(rollout, { devices: all, since });
    else {
      untold.delete(rollout);
      needs.offering.hold(settleDesired(all));
    }
  };
  /** What a decision did becomes known while the next one is made. */
  const follow = (rollout: RolloutId, applied: Applied): void => {
    tell(rollout, applied);
    applied.rollouts.forEach(wake);
    if (applied.changed) needs.changes.rollout(rollout);
    if (applied.actions.length === 0) return;
    const kinds = Map.groupBy(applied.actions, ({ kind }) => kind);
    const actions = Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length]));
    needs.logger.info({ rollout, actions }, 'rollout moved');
    needs.changes.executions(applied.executions);
  };
  /** @returns whether there is more to do */
  const decideSome = async (rollout: RolloutId): Promise<boolean> => {
    for (let left = DECISIONS; left > 0; left -= 1) {
      await needs.urgent.over();
      const applied = await planOnce(db, rollout, new Date(), needs.deadlines);
      follow(rollout, applied);
      for (const commandId of applied.commands) await needs.sendCommand({ v: 1, commandId });
      if (!applied.more) return false;
    }
    return true;
  };

  // What has happened until a plan is begun counts in it: one that waits is enough, however many devices report.
  const waiting = new Set<RolloutId>();
  const turns = createTurns(PLANS_AT_ONCE);
  const wake = (rollout: RolloutId): void => {
    if (waiting.has(rollout)) return;
    waiting.add(rollout);
    const move = async (): Promise<void> => {
      await needs.urgent.over();
      waiting.delete(rollout);
      if (await decideSome(rollout)) wake(rollout);
    };
    const isTaken = lanes.run(`rollout:${rollout}`, () => turns(move));
    if (!isTaken) waiting.delete(rollout);
  };

  return {
    wake,
    wakeAll: async () => (await rolloutsToPlan(db)).forEach(wake),
    wakeLate: async () => (await rolloutsDue(db, new Date())).forEach(wake),
    publishDesired,
    settleDesired,
    tell: needs.changes.rollout,
  };
};
