import { DeviceId, TenantId, type Command } from '@slipway/protocol';
import { expect, test } from 'vitest';
import type { KeyedIdentity } from '../enrol/identity.ts';
import type { MqttConnection, MqttOptions, Runtime } from '../runtime/port.ts';
import type { Blocks } from './blocks.ts';
import { openSession } from './session.ts';

const identity = {
  v: 1,
  deviceId: DeviceId.parse('device-1'),
  tenant: TenantId.parse('t'),
  certificate: '',
  mqttUrl: 'mqtts://broker',
  claimRemoved: true,
} as const satisfies KeyedIdentity['identity'];

/** A session with a broker that delivers what no honest broker would. */
const withBroker = async (deliver: (send: (topic: string, body: string) => void) => void) => {
  const lines: string[] = [];
  const commands: string[] = [];
  const events: string[] = [];
  const stop = new AbortController();
  const closed = Promise.withResolvers<string>();
  const up = Promise.withResolvers<MqttOptions>();
  const connection: MqttConnection = {
    publish: async () => undefined,
    subscribe: async () => undefined,
    closed: closed.promise,
    end: async () => {
      closed.resolve('over');
    },
  };
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- all that a session uses
  const runtime = {
    time: { now: () => 0, uptime: () => 0, sleep: async () => undefined },
    random: () => 0,
    log: (line: string) => lines.push(line),
    network: {
      mqtt: async (options: MqttOptions) => {
        up.resolve(options);
        return connection;
      },
    },
  } as unknown as Runtime;
  const session = openSession({
    runtime,
    identity,
    credentials: { offer: async () => ({ identity, key: '' }), tried: async () => undefined },
    serverCa: '',
    blocks: { link: () => undefined, deliver: () => undefined } as unknown as Blocks, // eslint-disable-line typescript/no-unsafe-type-assertion -- all that a session uses
    dispatch: async ({ kind }) => {
      events.push(kind);
    },
    onCommand: (command: Command) => commands.push(command.name),
    connection: () => 1,
    clock: () => ({ now: 0, zoneOffset: 0, metered: false }),
    signal: stop.signal,
  });
  const { onMessage } = await up.promise;
  deliver((topic, body) => {
    onMessage({
      topic,
      payload: new TextEncoder().encode(body),
      retained: false,
      correlation: undefined,
      code: undefined,
    });
  });
  stop.abort();
  closed.resolve('over');
  await session.done;
  return { lines, commands, events };
};

const reboot = JSON.stringify({ v: 1, id: 'cmd_0000000000000000', expiresAt: 4_000_000_000 });

test('a command counts on the topic of this device and on no other, however long', async () => {
  const { commands, lines } = await withBroker((send) => {
    send('slip/t/device-2/cmd/reboot', reboot);
    send('slip/other/device-1/cmd/reboot', reboot);
    send(`slip/t/device-1/${'x/'.repeat(30_000)}cmd/reboot`, reboot);
    send('x'.repeat(65_000), reboot);
    send('slip/t/device-1/cmd/reboot', reboot);
  });
  expect(commands).toEqual(['reboot']);
  expect(lines.filter((line) => line.startsWith('ignored'))).toHaveLength(4);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
});
