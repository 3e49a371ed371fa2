import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  admitToken,
  changeUser,
  createGroup,
  createToken,
  createUser,
  getUser,
  logIn,
  revokeToken,
} from '@slipway/fleet';
import { Access, ACCESS_OF_ROLE, GroupCreate, Login, Role, UserCreate } from '@slipway/protocol';
import { z } from 'zod';
import { describeApi } from './openapi/write.ts';
import { runApi, type TestApi } from './testing/running-api.ts';

/** Every route is asked by everybody, and lets in exactly those whom its declaration names. */
const PASSWORD = 'a password for tests';
/** Those who have their role on a group only. */
const OF_GROUP: readonly Role[] = ['viewer', 'releaser', 'admin'];

type Route = {
  readonly method: string;
  readonly path: string;
  /** undefined: it is open to all */
  readonly access: Access | 'self' | undefined;
  readonly groups: string | undefined;
};

const Declared = z.looseObject({
  security: z.array(z.unknown()).optional(),
  'x-access': Access.or(z.literal('self')).optional(),
  'x-groups': z.string().optional(),
});
const routes: Route[] = Object.entries((await describeApi()).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const { 'x-access': access, 'x-groups': groups } = Declared.parse(operation);
    return { method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, 'nothing-here'), access, groups };
  }),
);

/** Open to whoever knows nothing yet, or has another way to prove who they are. A new one needs a reason to be here. */
const OPEN = ['/v1/health', '/v1/login', '/v1/setup', '/v1/setup'];

type Caller = {
  readonly name: string;
  /** undefined: none */
  readonly token: () => string | undefined;
  /** null: it is nobody, or nobody any more */
  readonly may: readonly Access[] | null;
  readonly onGroups?: readonly Access[];
  readonly isToken?: boolean;
};

let api: TestApi;
const held = new Map<string, string>();
beforeAll(async () => {
  api = await runApi({ perMinute: 1_000_000, failedPerMinute: 1_000_000 });
  const { db } = api;
  const now = new Date();
  const group = await createGroup(db, GroupCreate.parse({ name: 'some' }), 'test', now);
  const user = async (name: string, roles: Partial<UserCreate>): Promise<void> => {
    await createUser(db, UserCreate.parse({ name, password: PASSWORD, ...roles }), 'test', now);
    const login = Login.parse({ name, password: PASSWORD });
    const { token } = await logIn(db, login, { address: name, agent: '' }, now);
    held.set(name, token);
  };
  for (const role of Role.options) await user(`${role}-user`, { role });
  for (const role of OF_GROUP) await user(`${role}-of-group`, { groupRoles: [{ group: group.id, role }] });
  await user('nothing-user', {});
  await user('disabled-user', { role: 'admin' });
  const admin = await getUser(db, 'admin-user');
  const token = async (name: string, scopes: Access[], days?: number) => {
    const made = await createToken(db, admin, { name, scopes, days }, now);
    held.set(name, made.token ?? '');
    return made;
  };
  for (const scope of Access.options) await token(`only-${scope}`, [scope]);
  await token('expired', ['admin', 'read'], 1);
  await db.execute(`update tokens set expires_at = now() - interval '1 second' where name = 'expired'`);
  const revoked = await token('revoked', ['admin', 'read']);
  await revokeToken(db, revoked.id, undefined, 'test', now);
  const leaving = await getUser(db, 'disabled-user');
  const left = await createToken(db, leaving, { name: 'left', scopes: ['admin', 'read'] }, now);
  held.set('of-disabled', left.token ?? '');
  await changeUser(db, 'disabled-user', { disabled: true }, 'test', now);
  await admitToken(db, { text: 'swt_server', name: 'server-viewer', role: 'viewer' });
  held.set('server-viewer', 'swt_server');
});
afterAll(() => api.close());

const holder = (name: string, may: Caller['may'], more: Partial<Caller> = {}): Caller => ({
  name,
  token: () => held.get(name) ?? '',
  may,
  ...more,
});
const callers: Caller[] = [
  { name: 'nobody', token: () => undefined, may: null },
  { name: 'a token that is none', token: () => 'swt_wrong', may: null },
  holder('disabled-user', null),
  holder('of-disabled', null, { isToken: true }),
  holder('expired', null, { isToken: true }),
  holder('revoked', null, { isToken: true }),
  holder('nothing-user', []),
  holder('server-viewer', ACCESS_OF_ROLE.viewer, { isToken: true }),
  ...Role.options.map((role) => holder(`${role}-user`, ACCESS_OF_ROLE[role])),
  ...OF_GROUP.map((role) => holder(`${role}-of-group`, [], { onGroups: ACCESS_OF_ROLE[role] })),
  ...Access.options.map((scope) => holder(`only-${scope}`, [scope], { isToken: true })),
];

const Refusal = z.object({ code: z.string() });

/** `AUTH_REQUIRED`, `FORBIDDEN`, or what else came: the caller was let in. */
const ask = async ({ method, path }: Route, token: string | undefined): Promise<string> => {
  const controller = new AbortController();
  const answer = await fetch(`${api.url()}${path}`, {
    method,
    signal: controller.signal,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  const isProblem = answer.headers.get('content-type')?.startsWith('application/problem') === true;
  const code = isProblem ? Refusal.parse(await answer.json()).code : 'in';
  // A stream of events has no end.
  controller.abort();
  return code === 'AUTH_REQUIRED' || code === 'FORBIDDEN' ? code : 'in';
};

const expected = ({ access, groups }: Route, caller: Caller): string[] => {
  if (access === undefined) return ['in'];
  if (caller.may === null) return ['AUTH_REQUIRED'];
  // What a token may not do for its user is told by those routes themselves, and tried elsewhere.
  if (access === 'self') return caller.isToken === true ? ['in', 'FORBIDDEN'] : ['in'];
  if (caller.may.includes(access)) return ['in'];
  return caller.onGroups?.includes(access) === true && groups !== undefined ? ['in'] : ['FORBIDDEN'];
};

test('there are routes of every kind of access, and those that are open are named here', () => {
  expect(new Set(routes.map(({ access }) => access))).toEqual(
    new Set([undefined, 'self', 'read', 'operate', 'release', 'approve', 'admin']),
  );
  expect(
    routes
      .filter(({ access }) => access === undefined)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(OPEN);
});

test.each(callers.map((caller) => [caller.name, caller] as const))(
  '%s is let in exactly where the routes say so',
  async (_name, caller) => {
    const wrong: string[] = [];
    for (const route of routes) {
      // It ends the session that asks, which is tried elsewhere.
      if (route.path === '/v1/logout') continue;
      const found = await ask(route, caller.token());
      const right = expected(route, caller);
      if (!right.includes(found))
        wrong.push(`${route.method} ${route.path}: expected ${right.join(' or ')}, found ${found}`);
    }
    expect(wrong).toEqual([]);
  },
);
