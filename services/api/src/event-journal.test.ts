import { createFleetEvents } from '@slipway/fleet';
import type { LiveEvent } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { openEventJournal, type Entry } from './event-journal.ts';

const stop = (offers: number): LiveEvent => ({
  kind: 'stop',
  stop: {
    stopped: false,
    reason: null,
    actor: null,
    at: null,
    offers,
    trials: 0,
    gateways: 1,
    offersAtBroker: 0,
  },
});
const numbers = (entries: readonly Entry[]): (number | string)[] =>
  entries.map(({ event }) => (event.kind === 'stop' ? event.stop.offers : event.kind));

const open = (events = 5, bytes = 100_000) => {
  const source = createFleetEvents();
  const journal = openEventJournal(source, { events, bytes });
  const follow = (after?: string) => {
    const seen: Entry[] = [];
    const end = journal.follow(after, (entry) => seen.push(entry));
    return { seen, end };
  };
  return { source, journal, follow };
};

test('a reader that comes back is given what it missed, each once and in order', () => {
  const { source, follow } = open();
  const first = follow();
  for (const n of [1, 2]) source.publish(stop(n));
  first.end();
  for (const n of [3, 4]) source.publish(stop(n));
  const again = follow(first.seen.at(-1)?.id);
  source.publish(stop(5));
  expect([numbers(first.seen), numbers(again.seen)]).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test('one that has all is given only what is new, one without an id nothing of before', () => {
  const { source, follow } = open();
  source.publish(stop(1));
  const first = follow();
  source.publish(stop(2));
  const again = follow(first.seen[0]?.id);
  source.publish(stop(3));
  expect([numbers(first.seen), numbers(again.seen)]).toEqual([[2, 3], [3]]);
});

test.each([
  ['count', 3, 100_000],
  ['size', 100, 300],
])(
  'one that was away too long for the %s that is kept is told to begin anew, and can go on from there',
  (_what, events, bytes) => {
    const { source, follow } = open(events, bytes);
    const first = follow();
    source.publish(stop(1));
    first.end();
    for (const n of [2, 3, 4, 5, 6]) source.publish(stop(n));
    const late = follow(first.seen[0]?.id);
    expect(numbers(late.seen)).toEqual(['reset']);
    late.end();
    source.publish(stop(7));
    expect(numbers(follow(late.seen[0]?.id).seen)).toEqual([7]);
  },
);

test.each(['x', 'x-1', '', '-', 'other-0'])('an id of another process, %j, is one to begin anew', (id) => {
  const { follow } = open();
  expect(numbers(follow(id).seen)).toEqual(['reset']);
});

test('an id of the future is one to begin anew', () => {
  const { source, follow } = open();
  const first = follow();
  source.publish(stop(1));
  const id = first.seen[0]?.id.replace(/1$/, '9');
  expect(numbers(follow(id).seen)).toEqual(['reset']);
});
