import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { z } from 'zod';
import { send, type Connection, type RequestOptions } from './request.ts';

/**
 * Server-sent events as they come. Ends when the signal aborts or the server closes the stream.
 *
 * @throws {SlipwayError} as `send`
 */
export async function* liveEvents<S extends z.ZodType>(
  connection: Connection,
  schema: S,
  path: string,
  options: RequestOptions,
): AsyncGenerator<z.infer<S>> {
  const response = await send(connection, path, { ...options, accept: 'text/event-stream' });
  if (response.body === null) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  try {
    for await (const event of events) {
      if (event.data !== '') yield schema.parse(JSON.parse(event.data));
    }
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
  }
}
