import type { BuildEvent } from '@slipway/protocol';
import { connect, type Context } from '../context.ts';

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
  for await (const event of client.builds.streamEvents(id, { signal: context.signal })) {
    const text = context.json ? JSON.stringify(event) : textOf(event);
    if (text !== undefined) context.out(text);
  }
  context.signal.throwIfAborted();
};
