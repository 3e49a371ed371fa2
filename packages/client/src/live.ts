import { LiveEvent } from '@slipway/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { Connection } from './request.ts';
import { send } from './request.ts';

/**
 * What changes from now on, as the server tells it. Ends when the signal aborts or the server closes the stream.
 *
 * @throws {SlipwayError} as `send`
 */
export async function* liveEvents(connection: Connection, signal: AbortSignal): AsyncGenerator<LiveEvent> {
  const response = await send(connection, '/v1/events', { signal, accept: 'text/event-stream' });
  if (response.body === null) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  try {
    for await (const event of events) {
      if (event.data !== '') yield LiveEvent.parse(JSON.parse(event.data));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
