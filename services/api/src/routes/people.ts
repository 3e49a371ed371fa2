import {
  accessOf,
  changePassword,
  changeUser,
  createFirstUser,
  createToken,
  createUser,
  deleteUser,
  endSession,
  getUser,
  hasUsers,
  listSessions,
  listTokens,
  listUsers,
  logIn,
  recordRefusal,
  revokeToken,
  setPassword,
  type Actor,
} from '@slipway/fleet';
import {
  ApiToken,
  ApiTokenCreate,
  LoggedIn,
  Login,
  Me,
  PasswordChange,
  PasswordSet,
  Session,
  SessionId,
  Setup,
  SetupState,
  SlipwayError,
  TokenId,
  User,
  UserChange,
  UserCreate,
  UserId,
  UserName,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { giveCookie, takeCookie } from '../session-cookie.ts';
import { isSetupToken, voidSetup } from '../setup-token.ts';
import { Flag, PageQuery, type App, type Context } from './context.ts';

const tags = ['People'];
const ByUser = z.strictObject({ id: z.union([UserId, UserName]).describe('id or name') });
const Everybody = Flag.default(false).describe('Of everybody; takes the access admin.');

/** Without a token: whoever has none yet. */
export const loginRoutes = (app: App, { db, setupTokenFile }: Context): void => {
  app.get(
    '/v1/setup',
    {
      schema: {
        tags,
        summary: 'Tell whether the first user is still to be made',
        security: [],
        response: { 200: SetupState },
      },
    },
    async () => ({ needed: !(await hasUsers(db)) }),
  );
  app.post(
    '/v1/setup',
    {
      schema: {
        tags,
        operationId: 'setup.create',
        summary: 'Make the first user, who is admin, with the setup token of the data directory',
        security: [],
        body: Setup,
        response: { 201: User },
      },
    },
    async ({ body: { token, ...asked }, ip }, reply) => {
      if (!(await isSetupToken(setupTokenFile, token))) {
        await recordRefusal(db, { name: asked.name, address: ip }, 'wrong setup token', new Date());
        throw new SlipwayError(
          'SETUP_TOKEN_INVALID',
          'That is not the setup token. It lies in the file setup-token of the data directory until the first user is made.',
        );
      }
      const user = await createFirstUser(db, asked, new Date());
      await voidSetup(setupTokenFile);
      return reply.code(201).send(user);
    },
  );
  app.post(
    '/v1/login',
    {
      schema: {
        tags,
        operationId: 'login.create',
        summary: 'Begin a session by name and password',
        security: [],
        body: Login,
        response: { 201: LoggedIn },
      },
    },
    async (request, reply) => {
      const place = { address: request.ip, agent: request.headers['user-agent'] ?? '' };
      const { session, token } = await logIn(db, request.body, place, new Date()).catch((error: unknown) => {
        request.log.warn({ err: error, address: place.address }, 'login refused');
        throw error;
      });
      if (session.kind === 'cookie') giveCookie(request, reply, token);
      return reply.code(201).send({ session, ...(session.kind === 'cookie' ? {} : { token }) });
    },
  );
};

/** The user who asks. @throws {SlipwayError} FORBIDDEN for a token of the server */
const userOf = ({ user, name }: Actor): User => {
  if (user !== null) return user;
  throw new SlipwayError('FORBIDDEN', `${name} is a token of the server, not a user. Log in for this.`);
};

/** What outlives the one that asks, or shuts others out, is for who knows the password. */
const userOfSession = (actor: Actor): User => {
  const user = userOf(actor);
  if (actor.session !== null) return user;
  throw new SlipwayError(
    'FORBIDDEN',
    'A token makes and ends no tokens, and sets no password. Log in for this.',
  );
};

const isAdmin = (actor: Actor): boolean => accessOf(actor).access.includes('admin');

/** Whose things are meant: the own, or everybody's to admins. @throws {SlipwayError} FORBIDDEN */
const ownerOf = (actor: Actor, all: boolean): UserId | undefined => {
  if (!all) return userOf(actor).id;
  if (isAdmin(actor)) return undefined;
  throw new SlipwayError('FORBIDDEN', 'What others have is for admins to see.');
};

/** Whose things may be ended. @throws {SlipwayError} FORBIDDEN for a token that is not an admin's */
const whose = (actor: Actor): UserId | undefined => (isAdmin(actor) ? undefined : userOfSession(actor).id);

/** About whoever asks. */
export const selfRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/me',
    {
      config: { access: 'self' },
      schema: { tags, summary: 'Show who asks, and what they may do', response: { 200: Me } },
    },
    async (request) => {
      const actor = actorOf(request);
      return { name: actor.name, user: actor.user, kind: actor.kind, ...accessOf(actor) };
    },
  );
  app.put(
    '/v1/me/password',
    {
      config: { access: 'self' },
      schema: {
        tags,
        operationId: 'me.setPassword',
        summary: 'Change the own password; every other session ends',
        body: PasswordChange,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const user = userOfSession(actor);
      await changePassword(db, user, request.body, {
        keep: actor.session,
        address: request.ip,
        now: new Date(),
      });
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/v1/logout',
    {
      config: { access: 'self' },
      schema: {
        tags,
        operationId: 'logout.create',
        summary: 'End the session that asks',
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      if (actor.session === null)
        throw new SlipwayError('CONFLICT', 'A token has no session to end. Revoke it instead.');
      await endSession(db, actor.session, undefined, actor.name);
      takeCookie(request, reply);
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/v1/sessions',
    {
      config: { access: 'self' },
      schema: {
        tags,
        summary: 'List sessions that have not ended',
        querystring: z.strictObject({ all: Everybody }),
        response: { 200: z.array(Session) },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      return listSessions(db, ownerOf(actor, request.query.all), actor.session, new Date());
    },
  );
  app.delete(
    '/v1/sessions/:id',
    {
      config: { access: 'self' },
      schema: {
        tags,
        summary: 'End a session: an own one, or any as admin',
        params: z.strictObject({ id: SessionId }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      await endSession(db, request.params.id, whose(actor), actor.name);
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/v1/tokens',
    {
      config: { access: 'self' },
      schema: {
        tags,
        summary: 'List API tokens, with when each was last used',
        querystring: PageQuery.extend({ all: Everybody }),
        response: { 200: z.array(ApiToken) },
      },
    },
    async (request) => {
      const { all, ...page } = request.query;
      return listTokens(db, ownerOf(actorOf(request), all), page);
    },
  );
  app.post(
    '/v1/tokens',
    {
      config: { access: 'self' },
      schema: {
        tags,
        summary: 'Make an API token, told this once; it never does more than its user may',
        body: ApiTokenCreate,
        response: { 201: ApiToken },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await createToken(db, userOfSession(actorOf(request)), request.body, new Date())),
  );
  app.delete(
    '/v1/tokens/:id',
    {
      config: { access: 'self' },
      schema: {
        tags,
        summary: 'Revoke an API token: an own one, or any as admin',
        params: z.strictObject({ id: TokenId }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      await revokeToken(db, request.params.id, whose(actor), actor.name, new Date());
      return reply.code(204).send(null);
    },
  );
};

export const userRoutes = (app: App, { db }: Context): void => {
  app.get(
    '/v1/users',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'List users by name',
        querystring: PageQuery,
        response: { 200: z.array(User) },
      },
    },
    async ({ query }) => listUsers(db, query),
  );
  app.post(
    '/v1/users',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'Make a user', body: UserCreate, response: { 201: User } },
    },
    async (request, reply) => {
      const user = await createUser(db, request.body, actorOf(request).name, new Date());
      return reply.code(201).header('location', `/v1/users/${user.id}`).send(user);
    },
  );
  app.get(
    '/v1/users/:id',
    {
      config: { access: 'admin' },
      schema: { tags, summary: 'Show a user', params: ByUser, response: { 200: User } },
    },
    async ({ params }) => getUser(db, params.id),
  );
  app.patch(
    '/v1/users/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Change the roles of a user, disable or enable them; it counts at once',
        params: ByUser,
        body: UserChange,
        response: { 200: User },
      },
    },
    async (request) => changeUser(db, request.params.id, request.body, actorOf(request).name, new Date()),
  );
  app.delete(
    '/v1/users/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Delete a user with their sessions and tokens; the audit log keeps the name',
        params: ByUser,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await deleteUser(db, request.params.id, actorOf(request).name);
      return reply.code(204).send(null);
    },
  );
  app.put(
    '/v1/users/:id/password',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        operationId: 'users.setPassword',
        summary: 'Give a user another password; all their sessions end',
        params: ByUser,
        body: PasswordSet,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await setPassword(db, request.params.id, request.body.password, actorOf(request).name, new Date());
      return reply.code(204).send(null);
    },
  );
};
