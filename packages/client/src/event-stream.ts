import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { SlipwayError } from '@slipway/protocol';
import { send, type Connection, type RequestOptions } from './request.ts';

/** A server says something every 15 s; one that is silent for so long is gone, whatever the connection says. */
const SILENCE_MS = 45_000;

/**
 * One connection that server-sent events come by.
 *
 * @param lastId the server goes on after it
 * @param onId is told where the server would have to go on
 * @returns events that are not empty, until the connection ends or breaks; the signal ends it, too
 * @throws {SlipwayError} as `send`
 */
export const openEventStream = async (
  connection: Connection,
  path: string,
  options: RequestOptions,
  lastId: string | undefined,
  onId: (id: string) => void,
): Promise<AsyncGenerator<EventSourceMessage>> => {
  const silence = new AbortController();
  const listen = () => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = listen();
  const heard = (): void => {
    clearTimeout(timer);
    timer = listen();
  };
  try {
    const { body } = await send(connection, path, {
      ...options,
      accept: 'text/event-stream',
      headers: { ...options.headers, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
      signal:
        options.signal === undefined ? silence.signal : AbortSignal.any([options.signal, silence.signal]),
    });
    return messagesOf(body, onId, heard, () => clearTimeout(timer));
  } catch (error) {
    clearTimeout(timer);
    if (!silence.signal.aborted) throw error;
    throw new SlipwayError('INTERNAL', `no answer from ${connection.url} in ${SILENCE_MS / 1000} s`);
  }
};

async function* messagesOf(
  body: Response['body'],
  onId: (id: string) => void,
  heard: () => void,
  end: () => void,
): AsyncGenerator<EventSourceMessage> {
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ onId, onEvent: (message) => waiting.push(message) });
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      // However it ends, there is no more to come.
      const piece = await reader?.read().catch(() => undefined);
      if (piece?.value === undefined) return;
      heard();
      parser.feed(piece.value);
      yield* waiting.splice(0).filter(({ data }) => data !== '');
    }
  } finally {
    end();
    await reader?.cancel().catch(() => undefined);
  }
}
