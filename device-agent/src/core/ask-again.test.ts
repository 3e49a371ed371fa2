import { expect, test } from 'vitest';
import { desiredOf, World } from '../fixture/world.ts';
import { PATIENCE_TICKS } from './ask-again.ts';
import type { State } from './state.ts';
import { step } from './step.ts';

const tickOf = (state: State): readonly [State, readonly number[]] => {
  const [next, effects] = step(state, { kind: 'tick', clock: state.clock });
  return [next, effects.flatMap((effect) => (effect.kind === 'status' ? [effect.status.seq] : []))];
};

/** Connected, with the reports of an install that waits for nothing but acknowledgements. */
const reporting = (): State => {
  const world = new World();
  world.send({ kind: 'connecting' });
  world.send({ kind: 'connected' });
  world.send({ kind: 'desired', message: desiredOf(1, 1, 2), clock: world.clock });
  world.run(3);
  return world.state;
};

test('reports that are not acknowledged go again after a minute, and after each minute more', () => {
  let state = reporting();
  const waiting = state.saved.outbox.map(({ seq }) => seq);
  expect(waiting.length).toBeGreaterThan(0);
  const sent: (readonly number[])[] = [];
  for (let ticks = 0; ticks < 2 * PATIENCE_TICKS; ticks++) {
    const [next, seqs] = tickOf(state);
    state = next;
    sent.push(seqs);
  }
  const whenSent = sent.flatMap((seqs, at) => (seqs.length > 0 ? [at + 1] : []));
  expect(whenSent).toEqual([PATIENCE_TICKS, 2 * PATIENCE_TICKS]);
  expect(sent[PATIENCE_TICKS - 1]).toEqual(waiting);
});

test('a server that acknowledges one after the other is not asked again', () => {
  let state = reporting();
  for (let ticks = 0; ticks < 2 * PATIENCE_TICKS; ticks++) {
    const [next, sent] = tickOf(state);
    expect(sent).toEqual([]);
    const [oldest] = next.saved.outbox;
    const isDue = ticks % (PATIENCE_TICKS - 1) === PATIENCE_TICKS - 2 && oldest !== undefined;
    state = isDue ? step(next, { kind: 'ack', seq: oldest.seq })[0] : next;
  }
});

test('nothing is sent while there is no connection', () => {
  let [state] = step(reporting(), { kind: 'disconnected' });
  for (let ticks = 0; ticks < 2 * PATIENCE_TICKS; ticks++) {
    const [next, sent] = tickOf(state);
    expect(sent).toEqual([]);
    state = next;
  }
});
