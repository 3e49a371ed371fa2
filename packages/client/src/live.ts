import type { EventSourceMessage } from 'eventsource-parser';
import type { z } from 'zod';
import { backOffMs } from './back-off.ts';
import { openEventStream } from './event-stream.ts';
import { fit } from './fit.ts';
import { pause } from './pause.ts';
import { isPassing, type Connection, type RequestOptions } from './request.ts';

/** A connection that lasted so long was a good one, even if nothing happened meanwhile. */
const GOOD_MS = 10_000;

/**
 * Server-sent events as they come, each once and in order. Where the connection breaks it connects again, with
 * `Last-Event-ID`, until it succeeds; what the server no longer knows it tells by an event of its own (`reset` of
 * `/v1/events`): then what is shown must be read anew. Ends when the signal aborts, or after an event named `end`.
 *
 * @throws {SlipwayError} as `send` where the first connection fails; later only what will not pass, such as a token that is
 *   no longer good
 */
export async function* liveEvents<S extends z.ZodType>(
  connection: Connection,
  schema: S,
  path: string,
  options: RequestOptions,
): AsyncGenerator<z.infer<S>> {
  const { signal, onConnection } = options;
  let lastId: string | undefined;
  let last: EventSourceMessage | undefined;
  let tried = 0;
  const open = (retries: number | undefined): Promise<AsyncGenerator<EventSourceMessage>> =>
    openEventStream({ ...connection, retries }, path, options, lastId, (id) => (lastId = id));
  const openAgain = async (): Promise<AsyncGenerator<EventSourceMessage>> => {
    for (;;) {
      await pause(backOffMs(tried++, Math.random()), signal);
      try {
        return await open(0);
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    }
  };
  try {
    for (let messages = await open(connection.retries); ; messages = await openAgain()) {
      const since = performance.now();
      onConnection?.(true);
      for await (const message of messages) {
        tried = 0;
        // Who comes back is given the last one again where its id is not its own, as that of the state of a build.
        const isKnown = message.id !== undefined && message.id === last?.id && message.data === last.data;
        last = message;
        if (!isKnown) yield fit(schema, connection.url, JSON.parse(message.data));
        if (message.event === 'end') return;
      }
      onConnection?.(false);
      if (performance.now() - since > GOOD_MS) tried = 0;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
