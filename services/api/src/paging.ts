import type { App } from './routes/context.ts';
import type { Paged } from '@slipway/fleet';

const isPaged = (payload: unknown): payload is Paged<unknown> => Array.isArray(payload) && 'next' in payload;

/** What a list of the store knows beside its items goes into headers: the next part (RFC 8288), and the total. */
export const tellPages = (app: App): void => {
  app.addHook('preSerialization', async (request, reply, payload: unknown) => {
    if (!isPaged(payload)) return payload;
    if (payload.total !== undefined) reply.header('x-total-count', payload.total);
    if (payload.next !== undefined) {
      const url = new URL(request.url, 'http://here');
      url.searchParams.set('after', payload.next);
      for (const once of ['offset', 'count']) url.searchParams.delete(once);
      reply.header('link', `<${url.pathname}${url.search}>; rel="next"`);
    }
    return payload;
  });
};
