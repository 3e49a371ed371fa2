import { LiveEvent } from '@slipway/protocol';
import { openEventStream } from '../event-stream.ts';
import type { App, Context } from './context.ts';

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
      const stream = openEventStream(reply);
      const unsubscribe = events.subscribe((event) => stream.send({ kind: event.kind, data: event }));
      stream.gone.addEventListener('abort', () => {
        unsubscribe();
        request.log.debug('reader of live events gone');
      });
    },
  );
};
