import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '@slipway/vm';

/**
 * A network of one's own between a browser and a server, to be cut: what goes through it ends, and nothing gets through
 * until it is mended. (Chromium's own emulation leaves streams that are open as they are.)
 */
export const layCable = async (to: string) => {
  const { hostname, port } = new URL(to);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const ownPort = await freePort();
  server.listen(ownPort, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${ownPort}`,
    cut,
    mend: (): void => {
      isCut = false;
    },
    close: async (): Promise<void> => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};
