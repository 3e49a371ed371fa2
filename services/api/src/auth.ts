import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  actorOfToken,
  isDeviceInReach,
  isGroupInReach,
  isRolloutReached,
  reachOf,
  type Actor,
  type Database,
  type Reach,
} from '@slipway/fleet';
import { mayAccess, Role, SlipwayError, type Access } from '@slipway/protocol';
import { cookieOf } from './session-cookie.ts';

/**
 * What becomes of a route for somebody whose role counts for the devices of groups only:
 *
 * - `device`, `group`, `rollout`: the one that `:id` names must be within these groups; otherwise it is as if not there
 * - `filter`: the route looks at `reachOfRequest` itself, and gives or changes nothing beyond
 * - `any`: it has nothing to do with devices
 *
 * Without it they are refused.
 */
export type GroupRule = 'device' | 'group' | 'rollout' | 'filter' | 'any';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
    reach: Reach | null;
  }
  interface FastifyContextConfig {
    /** what the caller must be allowed to do; `self`: whoever they are, it is about themselves */
    access?: Access | 'self';
    groups?: GroupRule;
  }
}

/** Who asks. Only behind `requireToken`. */
export const actorOf = (request: FastifyRequest): Actor => {
  if (request.actor === null)
    throw new SlipwayError('INTERNAL', 'A route without authentication asked for its actor.');
  return request.actor;
};

/** The same whichever of their sessions and tokens they ask by: two that must be two people are told apart by it. */
export const personOf = (request: FastifyRequest): string => {
  const { user, name } = actorOf(request);
  return user?.name ?? name;
};

/** How far the access that the route declares reaches. Only behind `requireToken`. */
export const reachOfRequest = (request: FastifyRequest): Reach => {
  if (request.reach === null)
    throw new SlipwayError('INTERNAL', 'A route without a rule for groups asked for its reach.');
  return request.reach;
};

/**
 * Every route registered on `app` from here on needs a bearer token or the cookie of a session, and a role that may do
 * what the route declares by `config: { access }`. A route that declares nothing keeps the server from starting.
 */
export const requireToken = (
  app: FastifyInstance,
  db: Database,
  beforeRefusal: (request: FastifyRequest, reply: FastifyReply) => Promise<void> = async () => undefined,
): void => {
  app.decorateRequest('actor', null);
  app.decorateRequest('reach', null);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new TypeError(`${String(method)} ${url} declares no access`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const actor = await identify(db, request);
    if (actor === undefined) {
      await beforeRefusal(request, reply);
      throw new SlipwayError(
        'AUTH_REQUIRED',
        'Expected a known token in the header Authorization: Bearer TOKEN. The admin token lies in the data directory; slipway login gets one for a user.',
      );
    }
    request.actor = actor;
    const { access = 'admin', groups } = request.routeOptions.config;
    if (access === 'self') return;
    const reach = reachOf(actor, access);
    if (reach !== 'fleet') await refuseBeyond(db, request, { actor, access, groups, reach });
    request.reach = reach;
  });
};

/** How far it reaches now, where it goes on for long. @returns undefined where whoever asked may not any more */
export const reachNow = async (
  db: Database,
  request: FastifyRequest,
  access: Access,
): Promise<Reach | undefined> => {
  const actor = await identify(db, request);
  const reach = actor === undefined ? undefined : reachOf(actor, access);
  return reach?.length === 0 ? undefined : reach;
};

const identify = async (db: Database, request: FastifyRequest): Promise<Actor | undefined> => {
  const bearer = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) {
    const actor = await actorOfToken(db, bearer);
    // What is in a cookie is nothing that a program may have read.
    return actor?.kind === 'cookie' ? undefined : actor;
  }
  const cookie = request.headers.authorization === undefined ? cookieOf(request) : undefined;
  const actor = cookie === undefined ? undefined : await actorOfToken(db, cookie);
  if (actor?.kind !== 'cookie') return undefined;
  refuseForeign(request);
  return actor;
};

/**
 * A browser sends the cookie along with whatever another site has it ask for, if it fails to keep SameSite. What changes
 * something needs a header that no other site can have it send without asking us first, which is never granted.
 */
const refuseForeign = (request: FastifyRequest): void => {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, host } = request.headers;
  const isOurs = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (isOurs && request.headers['x-slipway-request'] !== undefined) return;
  throw new SlipwayError(
    'FORBIDDEN',
    'A change that is asked for by a session in a cookie needs the header X-Slipway-Request, and the Origin of this server.',
  );
};

type Asked = {
  readonly actor: Actor;
  readonly access: Access;
  readonly groups: GroupRule | undefined;
  readonly reach: Exclude<Reach, 'fleet'>;
};

const refuseBeyond = async (
  db: Database,
  request: FastifyRequest,
  { actor, access, groups, reach }: Asked,
): Promise<void> => {
  if (reach.length === 0) {
    const roles = Role.options.filter((role) => mayAccess(role, access)).join(' or ');
    const scopes = actor.scopes === null ? '' : ` (scopes ${actor.scopes.join(', ')})`;
    throw new SlipwayError(
      'FORBIDDEN',
      `${actor.name} is ${actor.role ?? 'of no role on the fleet'}${scopes}; this takes the role ${roles}. Ask an admin for it.`,
      { details: { role: actor.role, access } },
    );
  }
  if (groups === undefined)
    throw new SlipwayError(
      'FORBIDDEN',
      `${actor.name} may do this on the devices of groups only; this is about the whole fleet. Ask an admin.`,
      { details: { groups: reach, access } },
    );
  if (groups === 'any' || groups === 'filter') return;
  const id = idOf(request.params);
  const isNear = { device: isDeviceInReach, group: isGroupInReach, rollout: isRolloutReached }[groups];
  if (await isNear(db, reach, id, new Date())) return;
  throw new SlipwayError('NOT_FOUND', `There is no ${groups} ${id} in the groups that you may reach.`, {
    details: { kind: groups, id },
  });
};

const idOf = (params: unknown): string =>
  typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
