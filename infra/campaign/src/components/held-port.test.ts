import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { holdUdpPort } from './held-port.ts';

const take = async (port: number): Promise<void> => {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
  } finally {
    socket.close();
  }
};

test('a port is nobody else’s until it is let go', async () => {
  const held = await holdUdpPort();
  await expect(take(held.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await held.letGo();
  await held.letGo();
  await take(held.port);
});
