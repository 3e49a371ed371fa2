import type { FastifyReply } from 'fastify';

const HEARTBEAT_MS = 15_000;
// A reader that does not keep up is cut off; it comes back and says what it has.
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

export type EventStream = {
  /** aborts when the reader is gone, or was cut off because it does not keep up */
  readonly gone: AbortSignal;
  readonly send: (event: {
    readonly id?: string | number;
    readonly kind: string;
    readonly data: unknown;
  }) => void;
  /** tells the reader where it stands, though there is nothing new for it; from then on with every heartbeat */
  readonly mark: (id: () => string) => void;
  readonly end: () => void;
};

/** Answers with server-sent events, which from here on are written past the framework. */
export const openEventStream = (reply: FastifyReply): EventStream => {
  reply.hijack();
  const { raw } = reply;
  const gone = new AbortController();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
    'x-request-id': reply.request.id,
  });
  const write = (text: string): void => {
    if (raw.writableLength > MAX_UNSENT_BYTES) raw.destroy();
    else raw.write(text);
  };
  write(': live\n\n');
  let position = (): string => '';
  const heartbeat = setInterval(() => write(`: still here\n${position()}\n`), HEARTBEAT_MS);
  raw.on('close', () => {
    clearInterval(heartbeat);
    gone.abort();
  });
  return {
    gone: gone.signal,
    send: ({ id, kind, data }) =>
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`),
    mark: (id) => {
      position = () => `id: ${id()}\n`;
      write(`${position()}\n`);
    },
    end: () => raw.end(),
  };
};
