import type { FleetEvents } from '@slipway/fleet';
import type { LiveEvent } from '@slipway/protocol';

export type Entry = { readonly id: string; readonly event: LiveEvent };

/** The newest live events, so that a reader who was cut off goes on where it was. */
export type EventJournal = {
  /**
   * What came after an event, then everything that comes.
   *
   * @param after id of the last event that the reader has; undefined: it has none and wants none of before
   * @param listener is given a `reset` first where events after that one are no longer known
   * @returns ends it
   */
  readonly follow: (after: string | undefined, listener: (entry: Entry) => void) => () => void;
  /** id of the newest event */
  readonly last: () => string;
  readonly close: () => void;
};

type Bounds = { readonly events: number; readonly bytes: number };

/**
 * Ids are of this process: after a restart, or at another process, a reader is told to begin anew.
 *
 * @param bounds how much is kept
 */
export const openEventJournal = (
  events: FleetEvents,
  bounds: Bounds = { events: 10_000, bytes: 16 * 1024 * 1024 },
): EventJournal => {
  const process = crypto.randomUUID().slice(0, 8);
  const kept: (Entry & { readonly number: number; readonly bytes: number })[] = [];
  const listeners = new Set<(entry: Entry) => void>();
  let [last, bytes] = [0, 0];
  const idOf = (number: number): string => `${process}-${number}`;
  const unsubscribe = events.subscribe((event) => {
    const entry = { number: ++last, id: idOf(last), event, bytes: JSON.stringify(event).length };
    kept.push(entry);
    bytes += entry.bytes;
    while (kept.length > bounds.events || bytes > bounds.bytes) bytes -= kept.shift()?.bytes ?? 0;
    for (const listener of listeners) listener(entry);
  });

  const missed = (after: string): readonly Entry[] | undefined => {
    const [from, text = ''] = after.split('-');
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    const oldest = last - kept.length;
    if (from !== process || !(number >= oldest && number <= last)) return undefined;
    return kept.slice(number - oldest);
  };
  return {
    follow: (after, listener) => {
      const before = after === undefined ? [] : missed(after);
      if (before === undefined) listener({ id: idOf(last), event: { kind: 'reset' } });
      else for (const entry of before) listener(entry);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    last: () => idOf(last),
    close: unsubscribe,
  };
};
