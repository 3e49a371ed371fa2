import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@slipway/client';
import { codeOf, type BuildEvent } from '@slipway/protocol';
import { connect, type Context } from '../context.ts';

const RECONNECT_MS = 500;

/**
 * What the server tells of a build, from its beginning to its end; goes on where it was when the connection broke.
 *
 * @throws {SlipwayError} as the client, but for a server that is away for a while
 */
export async function* buildEvents(
  client: Client,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<BuildEvent> {
  // Log and steps of a build come in one order, always the same.
  let seen = 0;
  for (;;) {
    let passed = 0;
    try {
      for await (const event of client.builds.streamEvents(id, { signal })) {
        if (event.kind === 'build') yield event;
        else if (event.kind === 'end') return yield event;
        else if (++passed > seen) {
          seen = passed;
          yield event;
        }
      }
    } catch (error) {
      // The client tells so of a server that does not answer, and fetch of one that broke off.
      if (codeOf(error) !== 'INTERNAL') throw error;
    }
    signal.throwIfAborted();
    await delay(RECONNECT_MS, undefined, { signal });
  }
}

const textOf = (event: BuildEvent): string | undefined => {
  if (event.kind === 'log') return event.at === '' ? event.text : `${event.at} ${event.text}`;
  return event.kind === 'step' ? `${event.startedAt} == ${event.percent} % ${event.step}` : undefined;
};

/** Prints the log as it grows, until the build is over; as JSON, an event on each line. */
export const followLog = async (context: Context, id: string, keepOn: boolean): Promise<void> => {
  const client = await connect(context);
  if (!keepOn) {
    const text = (await client.builds.getLog(id)).replace(/\n$/, '');
    context.out(context.json ? JSON.stringify({ build: id, log: text }) : text);
    return;
  }
  for await (const event of buildEvents(client, id, context.signal)) {
    const text = context.json ? JSON.stringify(event) : textOf(event);
    if (text !== undefined) context.out(text);
  }
};
