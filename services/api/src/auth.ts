import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { actorOfToken, type Actor, type Database } from '@slipway/fleet';
import { mayAccess, Role, SlipwayError, type Access } from '@slipway/protocol';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
  }
  interface FastifyContextConfig {
    /** what the caller must be allowed to do */
    access?: Access;
  }
}

/** Who asks. Only behind `requireToken`. */
export const actorOf = (request: FastifyRequest): Actor => {
  if (request.actor === null)
    throw new SlipwayError('INTERNAL', 'A route without authentication asked for its actor.');
  return request.actor;
};

/**
 * Every route registered on `app` from here on needs a bearer token, and a role that may do what the route declares by
 * `config: { access }`. A route that declares nothing keeps the server from starting.
 */
export const requireToken = (
  app: FastifyInstance,
  db: Database,
  beforeRefusal: (request: FastifyRequest, reply: FastifyReply) => Promise<void> = async () => undefined,
): void => {
  app.decorateRequest('actor', null);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new TypeError(`${String(method)} ${url} declares no access`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const match = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.authorization ?? '');
    const actor = match?.[1] === undefined ? undefined : await actorOfToken(db, match[1]);
    if (actor === undefined) {
      await beforeRefusal(request, reply);
      throw new SlipwayError(
        'AUTH_REQUIRED',
        'Expected a known token in the header Authorization: Bearer TOKEN. The admin token lies in the data directory.',
      );
    }
    const { access = 'admin' } = request.routeOptions.config;
    if (!mayAccess(actor.role, access)) {
      const roles = Role.options.filter((role) => mayAccess(role, access)).join(' or ');
      throw new SlipwayError(
        'FORBIDDEN',
        `${actor.name} is ${actor.role}; this takes the role ${roles}. Ask an admin for it.`,
        { details: { role: actor.role, access } },
      );
    }
    request.actor = actor;
  });
};
