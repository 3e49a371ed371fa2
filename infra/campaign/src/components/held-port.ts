import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export type HeldPort = {
  readonly port: number;
  /** Then it can be taken, by anybody. */
  readonly letGo: () => Promise<void>;
};

/** A UDP port of 127.0.0.1 that nobody else gets until it is let go; what is sent there meanwhile is lost. */
export const holdUdpPort = async (): Promise<HeldPort> => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let isHeld = true;
  return {
    port: socket.address().port,
    letGo: async () => {
      if (!isHeld) return;
      isHeld = false;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
};
