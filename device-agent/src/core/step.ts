import type { Effect, Event } from './event.ts';
import { onCommand } from './on-command.ts';
import { onDesired } from './on-desired.ts';
import { onJobResult } from './on-job.ts';
import { onStarted } from './on-started.ts';
import type { BootFacts, State } from './state.ts';
import { beginTurn, type Turn } from './turn.ts';

/**
 * The whole of what the agent decides: `(state, event) → [state, effects]`, without clock, I/O or chance.
 *
 * The caller saves `state.saved` before it carries out the effects, and sends `started` before anything else.
 */
export const step = (state: State, event: Event): readonly [State, readonly Effect[]] => {
  switch (event.kind) {
    case 'started':
      return work({ ...state, boot: event.facts }, event.facts, (turn) => {
        onStarted(turn);
      });
    case 'connecting':
      return [{ ...state, saved: { ...state.saved, connection: state.saved.connection + 1 } }, []];
    case 'disconnected':
      return [{ ...state, connected: false }, []];
    case 'connected':
      return onConnected(state);
    case 'ack':
      return onAck(state, event.seq);
    case 'desired':
    case 'command':
    case 'job':
      // Nothing is decided before the agent knows what it runs on; retained messages come again.
      if (state.boot === null) return [state, []];
      return work(state, state.boot, (turn) => {
        dispatch(turn, event);
      });
    default:
      return event satisfies never;
  }
};

const work = (
  state: State,
  boot: BootFacts,
  decide: (turn: Turn) => void,
): readonly [State, readonly Effect[]] => {
  const turn = beginTurn(state, boot);
  decide(turn);
  return [{ ...state, boot, saved: turn.saved }, turn.effects];
};

const dispatch = (
  turn: Turn,
  event: Extract<Event, { readonly kind: 'desired' | 'command' | 'job' }>,
): void => {
  switch (event.kind) {
    case 'desired':
      onDesired(turn, event.message, event.now);
      return;
    case 'command':
      onCommand(turn, event);
      return;
    case 'job':
      if (turn.saved.job?.id === event.id) onJobResult(turn, turn.saved.job, event.result);
      return;
    default:
      return event satisfies never;
  }
};

/** What the server has not acknowledged is sent again, in order. */
const onConnected = (state: State): readonly [State, readonly Effect[]] => {
  const { saved, boot } = state;
  const committed = boot !== null && saved.slots[boot.slot].state === 'GOOD';
  return [
    {
      ...state,
      connected: true,
      saved: committed && !saved.brokerWorked ? { ...saved, brokerWorked: true } : saved,
    },
    [{ kind: 'birth' }, ...saved.outbox.map((status) => ({ kind: 'status' as const, status }))],
  ];
};

const onAck = (state: State, seq: number): readonly [State, readonly Effect[]] => {
  const { saved } = state;
  if (!saved.outbox.some((status) => status.seq === seq)) return [state, []];
  return [{ ...state, saved: { ...saved, outbox: saved.outbox.filter((status) => status.seq !== seq) } }, []];
};
