import { expect, test } from 'vitest';
import { conductOf } from './compare.ts';
import { readFixtures } from './fixture.ts';
import { parseTrace, renderTrace, type WireEntry } from './trace.ts';

const { commit } = readFixtures();
const conduct = conductOf(commit);
const change = (kind: WireEntry['kind'], changed: object, at = 0): WireEntry[] => {
  const place = commit.flatMap((entry, index) => (entry.kind === kind ? [index] : []))[at];
  return parseTrace(
    renderTrace(
      commit.map((entry, index) => (index === place ? Object.assign({ ...entry }, changed) : entry)),
    ),
  );
};
const without = (kind: WireEntry['kind']): WireEntry[] => commit.filter((entry) => entry.kind !== kind);
const swapped = (): WireEntry[] => {
  const [status, birth] = [commit.findLastIndex(({ kind }) => kind === 'status'), commit.length - 1];
  return commit.map((entry, at) => commit[at === status ? birth : at === birth ? status : at] ?? entry);
};

test.each([
  ['another state', change('status', { state: 'FAILED' }, 2)],
  ['a code', change('status', { code: 'INTERNAL' })],
  ['another slot', change('status', { slot: 'b' })],
  ['the same boot after the reboot', change('status', { boot: 1 }, 5)],
  ['a birth that is not retained', change('birth', { retain: false })],
  ['a report that may be lost', change('status', { qos: 0 })],
  ['another record of a slot', change('birth', { b: 'GOOD' })],
  ['a connection number that does not rise', change('birth', { connection: 1 }, 7)],
  ['no death', without('death')],
  ['no blocks', without('stream/get')],
  ['no progress', without('progress')],
  ['no proof of the broker', commit.filter((entry) => !(entry.kind === 'telemetry' && entry.qos === 1))],
  ['another order', swapped()],
])('a device differs by %s', (_, trace) => {
  expect(conductOf(trace)).not.toEqual(conduct);
});

test('a report that is sent again, and telemetry when its time comes, make no difference', () => {
  const again = commit.flatMap((entry): WireEntry[] => (entry.kind === 'status' ? [entry, entry] : [entry]));
  const more = commit.flatMap((entry): WireEntry[] =>
    entry.kind === 'birth' ? [entry, { kind: 'telemetry', qos: 0, retain: false }] : [entry],
  );
  expect(conductOf(again)).toEqual(conduct);
  expect(conductOf(more)).toEqual(conduct);
});
