import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOfToken, type Actor, type Database } from '@slipway/fleet';
import { SlipwayError } from '@slipway/protocol';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
  }
}

/** Who asks. Only behind `requireToken`. */
export const actorOf = (request: FastifyRequest): Actor => {
  if (request.actor === null)
    throw new SlipwayError('INTERNAL', 'A route without authentication asked for its actor.');
  return request.actor;
};

/** Every route registered on `app` from here on needs a bearer token; a viewer's reads only. */
export const requireToken = (app: FastifyInstance, db: Database): void => {
  app.decorateRequest('actor', null);
  app.addHook('onRequest', async (request) => {
    const match = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.authorization ?? '');
    const actor = match?.[1] === undefined ? undefined : await actorOfToken(db, match[1]);
    if (actor === undefined) {
      throw new SlipwayError(
        'AUTH_REQUIRED',
        'Expected a known token in the header Authorization: Bearer TOKEN. The admin token lies in the data directory.',
      );
    }
    if (actor.role !== 'admin' && request.method !== 'GET' && request.method !== 'HEAD') {
      throw new SlipwayError(
        'FORBIDDEN',
        `Token ${actor.name} may read only. Use a token with the role admin.`,
      );
    }
    request.actor = actor;
  });
};
