import type { Effect } from './event.ts';
import type { State } from './state.ts';

/** Ticks that a report waits for its acknowledgement before it goes once more; a tick is ten seconds. */
export const PATIENCE_TICKS = 6;

/**
 * Every connection begins with the reports that are not acknowledged. One that lasts sends them again as well: what the
 * broker has taken may be lost behind it, with a server that is gone.
 */
export const askAgain = (state: State): readonly [State, readonly Effect[]] => {
  const { outbox } = state.saved;
  const [oldest] = outbox;
  if (oldest === undefined || !state.connected) return [state, []];
  const { unanswered } = state;
  const ticks = unanswered?.seq === oldest.seq ? unanswered.ticks + 1 : 1;
  if (ticks < PATIENCE_TICKS) return [{ ...state, unanswered: { seq: oldest.seq, ticks } }, []];
  return [
    { ...state, unanswered: { seq: oldest.seq, ticks: 0 } },
    outbox.map((status) => ({ kind: 'status', status })),
  ];
};
