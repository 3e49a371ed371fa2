import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { z } from 'zod';

/** A way to a server that can be cut and mended, while the server goes on. */
export const openBreakableWay = async (url: string) => {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let passed = '';
  const server = createServer((socket) => {
    const onward = connect(Number(port), hostname);
    for (const end of [socket, onward]) sockets.add(end.on('error', () => undefined));
    onward.on('data', (piece: Buffer) => (passed += piece.toString()));
    socket.pipe(onward).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const at = z.object({ port: z.number() }).parse(server.address()).port;
  return {
    url: `http://127.0.0.1:${at}`,
    /** what the server has answered so far */
    passed: () => passed,
    cut: async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      await closed;
    },
    mend: async (): Promise<void> => {
      await once(server.listen(at, '127.0.0.1'), 'listening');
    },
  };
};
