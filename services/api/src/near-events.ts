import { devicesInReach, rolloutsInReach, type Database, type Reach } from '@slipway/fleet';
import type { LiveEvent } from '@slipway/protocol';
import type { Entry } from './event-journal.ts';

/** Looked up at once. */
const BATCH = 500;
/** A reader that so many events wait for is cut off; it comes back and says what it has. */
const MAX_WAITING = 20_000;

export type NearEvents = {
  readonly add: (entry: Entry) => void;
  /** id of the last event that was looked at; undefined: none waits */
  readonly position: () => string | undefined;
};

type Needs = {
  readonly db: Database;
  /** as it is at that moment */
  readonly reach: () => Exclude<Reach, 'fleet'>;
  readonly send: (entry: Entry) => void;
  /** @param error absent: it is too much */
  readonly cutOff: (error?: unknown) => void;
};

/**
 * Passes on, in their order, the events that somebody may see whose role is for the devices of groups: what the routes
 * would show them when the event comes. They are looked up while others gather, so a busy fleet costs few statements.
 *
 * @param from id of the last event before them
 */
export const passNearEvents = ({ db, reach, send, cutOff }: Needs, from: string): NearEvents => {
  const waiting: Entry[] = [];
  let looked = from;
  let busy = false;
  const work = async (): Promise<void> => {
    for (let batch = waiting.splice(0, BATCH); batch.length > 0; batch = waiting.splice(0, BATCH)) {
      const isNear = await seenBy(
        db,
        reach(),
        batch.map(({ event }) => event),
      );
      for (const entry of batch) {
        if (isNear(entry.event)) send(entry);
        looked = entry.id;
      }
    }
  };
  return {
    add: (entry) => {
      waiting.push(entry);
      if (waiting.length > MAX_WAITING) cutOff();
      if (busy) return;
      busy = true;
      work()
        .catch(cutOff)
        .finally(() => (busy = false));
    },
    position: () => (busy ? looked : undefined),
  };
};

const deviceOf = (event: LiveEvent): string | undefined => {
  if (event.kind === 'device') return event.device.id;
  if (event.kind === 'execution') return event.execution.device;
  return event.kind === 'command' ? event.command.device : undefined;
};

const seenBy = async (
  db: Database,
  reach: Exclude<Reach, 'fleet'>,
  events: readonly LiveEvent[],
): Promise<(event: LiveEvent) => boolean> => {
  const now = new Date();
  const devices = await devicesInReach(
    db,
    reach,
    events.map(deviceOf).filter((id) => id !== undefined),
    now,
  );
  const rollouts = await rolloutsInReach(
    db,
    reach,
    events.flatMap((event) => (event.kind === 'rollout' ? [event.rollout.id] : [])),
    now,
  );
  return (event) => {
    switch (event.kind) {
      case 'device':
      case 'execution':
      case 'command':
        return devices.has(deviceOf(event) ?? '');
      case 'rollout':
        return rollouts.has(event.rollout.id);
      case 'group':
        return reach.includes(event.group.id);
      case 'release':
      case 'qualification':
      case 'channel':
      case 'reset':
        return true;
      case 'build':
      case 'stop':
      case 'virtual-device':
      case 'audit':
      case 'delivery':
        return false;
      default:
        return event satisfies never;
    }
  };
};
