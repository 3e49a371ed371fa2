import { askAgain } from './ask-again.ts';
import type { Effect, Event } from './event.ts';
import { onCommand } from './on-command.ts';
import { onConsent } from './on-consent.ts';
import { onDesired, onLocal } from './on-desired.ts';
import { onJobResult } from './on-job.ts';
import { onStarted } from './on-started.ts';
import { review } from './proceed.ts';
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
      return work({ ...state, clock: event.clock }, event.facts, onStarted);
    case 'connecting':
      return [{ ...state, saved: { ...state.saved, connection: state.saved.connection + 1 } }, []];
    case 'disconnected':
      return [{ ...state, connected: false }, []];
    case 'connected':
      return onConnected(state);
    case 'ack':
      return onAck(state, event.seq);
    case 'tick': {
      const [next, effects] = decide(state, event);
      const [asked, again] = askAgain(next);
      return [asked, [...effects, ...again]];
    }
    case 'desired':
    case 'local':
    case 'consent':
    case 'command':
    case 'job':
      return decide(state, event);
    default:
      return event satisfies never;
  }
};

type Decided = Extract<
  Event,
  { readonly kind: 'tick' | 'desired' | 'local' | 'consent' | 'command' | 'job' }
>;

const decide = (state: State, event: Decided): readonly [State, readonly Effect[]] => {
  // Nothing is decided before the agent knows what it runs on; retained messages come again.
  if (state.boot === null) return [state, []];
  const clock = event.kind === 'tick' || event.kind === 'desired' ? event.clock : state.clock;
  return work({ ...state, clock }, state.boot, (turn) => {
    dispatch(turn, event);
    // The clocks have changed: the server is told how far they are ahead now.
    if (turn.connected && clock.zoneOffset !== state.clock.zoneOffset) turn.effects.push({ kind: 'birth' });
  });
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

const dispatch = (turn: Turn, event: Decided): void => {
  switch (event.kind) {
    case 'tick':
      rememberTime(turn);
      review(turn);
      return;
    case 'desired':
      onDesired(turn, event.message);
      return;
    case 'local':
      onLocal(turn, event);
      return;
    case 'consent':
      onConsent(turn, event);
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

const REMEMBER_S = 3_600;

/** Seldom, because it costs a write. It follows the clock both ways; what must not fall back is the floor. */
const rememberTime = (turn: Turn): void => {
  const { now } = turn.clock;
  const { lastTime, floor } = turn.saved;
  if (now < floor.time || Math.abs(now - lastTime) < REMEMBER_S) return;
  turn.saved = { ...turn.saved, lastTime: now };
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
