import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokerAccess, deviceTopic, DeviceId, DOWN, accessTopic, TenantId, UP } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { accessTable } from './access-table.ts';
import { brokerConfig, deviceAccessRules, emqxAccessRules, emqxConfig, gatewayAccessRules } from './index.ts';

const tenant = TenantId.parse('default');
const listener = (name: string, port: number) => ({
  host: '0.0.0.0',
  port,
  clientCaFile: `/etc/slipway/${name}-ca.pem`,
  accessFile: `/etc/slipway/${name}.acl`,
});

test.each([
  ['device.acl', deviceAccessRules(tenant)],
  ['gateway.acl', gatewayAccessRules(tenant, 'gateway')],
  [
    'mosquitto.conf',
    brokerConfig({
      devices: { ...listener('device', 8883), revocationFile: '/etc/slipway/revoked.pem' },
      gateway: listener('gateway', 8884),
      certFile: '/etc/slipway/server.pem',
      keyFile: '/etc/slipway/server.key',
      persistenceDir: '/var/lib/mosquitto',
      user: 'mosquitto',
    }),
  ],
  ['emqx-acl.conf', emqxAccessRules(tenant, 'gateway')],
  [
    'emqx.conf',
    emqxConfig({
      devicesBind: '0.0.0.0:8883',
      gatewayBind: '0.0.0.0:8884',
      deviceCaFile: '/etc/slipway/device-ca.pem',
      serverCaFile: '/etc/slipway/server-ca.pem',
      certFile: '/etc/slipway/server.pem',
      keyFile: '/etc/slipway/server.key',
      aclFile: '/etc/slipway/acl.conf',
    }),
  ],
])('%s is as it was looked at', async (name, text) => {
  await expect(text).toMatchFileSnapshot(`../golden/${name}`);
});

test('the table has every topic of the channel, in its direction, for both sides', () => {
  const device = DeviceId.parse('device-1');
  const topics = (who: string, does: string): string[] =>
    brokerAccess()
      .filter((row) => row.who === who && row.does === does)
      .map((row) => accessTopic(row, tenant, device));
  const commandsAsOne = (topic: string): string => topic.replace(/cmd\/[a-z]+$/, 'cmd/+');
  const up = UP.map((kind) => deviceTopic(tenant, device, kind));
  const down = DOWN.map((kind) => commandsAsOne(deviceTopic(tenant, device, kind)));
  expect(new Set(topics('device', 'publishes'))).toEqual(new Set(up));
  const states = 'slip/default/server/state/+';
  expect(new Set(topics('gateway', 'subscribes'))).toEqual(new Set([...up, states]));
  expect(topics('device', 'subscribes')).toEqual(expect.arrayContaining([...new Set(down)]));
  expect(topics('gateway', 'publishes')).toEqual(expect.arrayContaining([...new Set(down)]));
});

test('docs/broker.md has the table', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/broker.md'), 'utf8');
  // Columns are as wide there as the formatter makes them.
  const cells = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('| device') || line.startsWith('| gateway'))
      .map((line) => line.replace(/\s+/g, ' '));
  expect(cells(page)).toEqual(cells(accessTable()));
});
