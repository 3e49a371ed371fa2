import { DeviceEvent } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { byDay, wordsOf } from './event-words.ts';

const at = '2026-01-31T12:00:00.000Z';
const later = '2026-01-31T12:00:05.000Z';
const now = Date.parse('2026-01-31T12:01:00.000Z');
const presence = { kind: 'presence', online: false, reason: null, until: null };
const change = { kind: 'change', actor: 'anna', action: 'device.change', details: {} };
const command = {
  id: 'cmd_0000000000000000',
  device: 'gate-1',
  request: { name: 'collect', services: ['web', 'db'], lines: 20 },
  state: 'failed',
  code: 'DEVICE_BUSY',
  message: null,
  output: null,
  createdAt: at,
  expiresAt: later,
  finishedAt: later,
};

const parse = (event: object, id = 'x'): DeviceEvent => DeviceEvent.parse({ id, at, ...event });

test.each([
  [presence, { title: 'Went offline', ms: 60_000 }],
  [
    { ...presence, reason: 'lost', until: later },
    { title: 'Went offline', about: 'the connection broke', ms: 5000, tone: 'warning' },
  ],
  [
    { ...presence, online: true },
    { title: 'Came online', tone: 'good' },
  ],
  [
    { kind: 'command', actor: 'anna', command },
    { title: 'Asked for logs', about: 'DEVICE_BUSY · services web, db; lines 20', ms: 5000, tone: 'bad' },
  ],
  [
    { ...change, details: { name: null, addTags: ['dock', 'x'], attributes: { site: 'bremen', old: null } } },
    { title: 'Described anew', about: 'name taken away; tag dock, x added; site = bremen; old taken away' },
  ],
  [{ ...change, action: 'device.class', details: { from: 'a', to: 'b' } }, { about: 'a → b' }],
  [
    { ...change, action: 'device.later', details: {} },
    { title: 'device.later', tone: 'none' },
  ],
  [{ ...change, kind: 'certificate', action: 'device.renew' }, { title: 'Renewed its certificate' }],
])('an event is told in words: %#', (event, words) =>
  expect(wordsOf(parse(event), now)).toMatchObject(words),
);

test('what is over at once has no duration', () => {
  expect(wordsOf(parse({ ...change, kind: 'certificate', action: 'device.enrol' }), now).ms).toBeUndefined();
});

test('events of a day stand together, in their order', () => {
  const events = ['2026-02-01T00:30:00.000Z', at, later].map((when, n) =>
    DeviceEvent.parse({ ...presence, id: String(n), at: when }),
  );
  const days = byDay(events, (when) => when.toISOString().slice(0, 10));
  expect(days.map(({ day, events: found }) => [day, found.map(({ id }) => id)])).toEqual([
    ['2026-02-01', ['0']],
    ['2026-01-31', ['1', '2']],
  ]);
});
