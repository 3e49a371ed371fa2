import { once } from 'node:events';
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What happens to one request instead of what should. */
export type Fault =
  /** the connection breaks after so many bytes of the body */
  | { readonly type: 'cut'; readonly after: number }
  /** the bytes go through here before they go on */
  | { readonly type: 'change'; readonly change: (body: Buffer) => Buffer }
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** bytes without an end and without an announcement; `sent` is told how many */
  | { readonly type: 'endless'; readonly sent: (bytes: number) => void }
  /** the answer begins and does not go on; `hanging` is called then */
  | { readonly type: 'hang'; readonly hanging: () => void };

export type Seen = {
  readonly method: string;
  readonly path: string;
  /** as they go on: a test may change them */
  readonly headers: IncomingHttpHeaders;
  /** as it came */
  readonly rawAuthorization: string | undefined;
};

export type BadProxy = {
  readonly host: string;
  /** in the order of their arrival */
  readonly seen: Seen[];
  /** asked for every request; undefined: it goes through unharmed */
  fault: (request: Seen) => Fault | undefined;
  readonly stop: () => Promise<void>;
};

/** Stands in front of a real registry and breaks what a test tells it to. */
export const startBadProxy = async (upstream: string): Promise<BadProxy> => {
  const forward = async ({ method, url, headers }: IncomingMessage): Promise<IncomingMessage> => {
    const onward = request(`http://${upstream}${url}`, {
      headers: { ...headers, connection: 'close' },
      ...(method === undefined ? {} : { method }),
    });
    onward.end();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this event brings, which is not typed
    const [response] = (await once(onward, 'response')) as [IncomingMessage];
    return response;
  };
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const seen = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      rawAuthorization: incoming.headers.authorization,
    };
    proxy.seen.push(seen);
    const fault = proxy.fault(seen);
    if (fault?.type === 'answer') {
      outgoing.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (fault?.type === 'endless') {
      let sent = 0;
      outgoing.writeHead(200);
      const chunk = Buffer.alloc(64 * 1024);
      while (!incoming.socket.destroyed && sent < 1024 ** 3) {
        sent += chunk.length;
        await new Promise((written) => outgoing.write(chunk, written));
      }
      fault.sent(sent);
      outgoing.destroy();
      return;
    }
    const response = await forward(incoming);
    const body = await buffer(response);
    outgoing.writeHead(response.statusCode ?? 500, response.headers);
    if (fault?.type === 'hang') {
      outgoing.write(body.subarray(0, 1), fault.hanging);
      return;
    }
    if (fault?.type === 'cut') outgoing.write(body.subarray(0, fault.after), () => outgoing.destroy());
    else outgoing.end(fault?.type === 'change' ? fault.change(body) : body);
  };
  const server = createServer((incoming, outgoing) => {
    // Who asked sees the connection close.
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const proxy: BadProxy = {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    seen: [],
    fault: () => undefined,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
};
