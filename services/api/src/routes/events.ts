import { LiveEvent } from '@slipway/protocol';
import type { App, Context } from './context.ts';

const HEARTBEAT_MS = 15_000;
// A reader that does not keep up is cut off; it comes back and reads what it missed from the lists.
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

export const eventRoutes = (app: App, { events }: Context): void => {
  app.get(
    '/v1/events',
    {
      config: { access: 'read' },
      schema: {
        tags: ['Events'],
        summary: 'Changes from now on, as server-sent events; `data` is a LiveEvent, `event` its kind',
        response: { 200: { content: { 'text/event-stream': { schema: LiveEvent } } } },
      },
    },
    async (request, reply) => {
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      raw.write(': live\n\n');
      const write = (text: string): void => {
        if (raw.writableLength > MAX_UNSENT_BYTES) raw.destroy();
        else raw.write(text);
      };
      const end = events.subscribe((event) =>
        write(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`),
      );
      const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
      raw.on('close', () => {
        end();
        clearInterval(heartbeat);
        request.log.debug('reader of live events gone');
      });
    },
  );
};
