import { DeviceEvent } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { eventLine } from './device-history.ts';

const at = '2026-01-31T12:00:00.000Z';
const later = '2026-01-31T12:05:00.000Z';
const id = 'x';

const command = {
  id: 'cmd_0000000000000000',
  device: 'gate-1',
  request: { name: 'reboot' },
  state: 'expired',
  code: 'COMMAND_EXPIRED',
  message: null,
  output: null,
  createdAt: at,
  expiresAt: later,
  finishedAt: later,
};

test.each([
  [{ kind: 'presence', online: false, reason: 'lost', until: later }, 'offline 5m - the connection broke'],
  [{ kind: 'presence', online: true, reason: null, until: null }, 'online - - '],
  [{ kind: 'command', actor: 'anna', command }, 'reboot expired 5m anna COMMAND_EXPIRED'],
  [
    { kind: 'change', actor: 'anna', action: 'device.change', details: { addTags: ['dock'] } },
    'device.change - anna {"addTags":["dock"]}',
  ],
  [
    { kind: 'certificate', actor: 'device:gate-1', action: 'device.renew', details: {} },
    'device.renew - device:gate-1 ',
  ],
])('an event of kind $kind is told in a line: %#', (event, line) => {
  const [when, kind, ...rest] = eventLine(DeviceEvent.parse({ id, at, ...event }));
  expect([when, kind]).toEqual(['2026-01-31 12:00:00', event.kind]);
  expect(rest.join(' ')).toBe(line);
});
