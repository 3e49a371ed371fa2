import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import {
  Access,
  Role,
  SlipwayError,
  type ApiToken,
  type GroupRole,
  type Session,
  type User,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect, connectAsNobody, type Context } from '../context.ts';
import { keepSession } from '../sessions.ts';
import { facts, table, time } from '../table.ts';

const secret = (context: Context, prompt: string): Promise<string> => {
  if (context.secret !== undefined) return context.secret(prompt);
  throw new SlipwayError('USAGE', 'There is no standard input to read a password from.');
};

const newPassword = async (context: Context): Promise<string> => {
  const password = await secret(context, 'New password');
  if (context.isTerminal === true && (await secret(context, 'Once more')) !== password)
    throw new SlipwayError('USAGE', 'The two differ. Try again.');
  return password;
};

const rolesOf = ({ role, groupRoles }: User): string =>
  [role, ...groupRoles.map((one) => `${one.role} of ${one.group}`)]
    .filter((one) => one !== null)
    .join(', ') || 'none';

const USER_HEADINGS = ['user', 'name', 'roles', 'disabled', 'created'];
const userLine = (user: User): string[] => [
  user.id,
  user.name,
  rolesOf(user),
  time(user.disabledAt),
  time(user.createdAt),
];
const showUser = (user: User): string =>
  facts({
    user: user.id,
    name: user.name,
    roles: rolesOf(user),
    disabled: user.disabledAt === null ? null : time(user.disabledAt),
    created: time(user.createdAt),
    'password of': time(user.passwordChangedAt),
  });

const RoleOptions = z.object({ groupRole: z.array(z.string()).default([]) });

/** `GROUP=ROLE`, the group by id or name. */
const groupRoles = (client: Client, words: readonly string[]): Promise<GroupRole[]> =>
  Promise.all(
    words.map(async (text) => {
      const [name = '', role, more] = text.split('=');
      const parsed = Role.safeParse(role);
      if (!parsed.success || more !== undefined)
        throw new SlipwayError(
          'USAGE',
          `--group-role: expected GROUP=ROLE with one of ${Role.options.join(', ')}, found ${text}`,
        );
      return { group: (await client.groups.get(name)).id, role: parsed.data };
    }),
  );

const withGroupRole = (command: Command): Command =>
  command.option('--group-role <group=role>', 'a role on the devices of a group; may be repeated', collect);

const sessionCommands = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'setup <name>',
    summary: 'make the first user, who is admin, with the setup token of the server',
    options: z.object({ setupTokenFile: z.string().optional() }),
    build: (command) =>
      command.option('--setup-token-file <file>', 'holds the token (setup-token in the data directory)'),
    run: async (context, words, { setupTokenFile }) => {
      const { client, adminTokenFile } = await connectAsNobody(context);
      const beside = adminTokenFile === undefined ? undefined : join(dirname(adminTokenFile), 'setup-token');
      const file = setupTokenFile ?? beside;
      if (file === undefined)
        throw new SlipwayError(
          'USAGE',
          'Name the file with the setup token of the server: --setup-token-file.',
        );
      const token = await readFile(resolve(context.cwd, file), 'utf8').catch((cause: unknown) => {
        throw new SlipwayError(
          'SETUP_TOKEN_INVALID',
          `${file} cannot be read. Once there is a user it is gone.`,
          {
            cause,
          },
        );
      });
      const password = await newPassword(context);
      const user = await client.setup.create({ token: token.trim(), name: word(words, 0), password });
      print(context, user, () => showUser(user));
    },
  });

  leaf(program, makeContext, {
    usage: 'login <name>',
    summary: 'begin a session on the server, kept for the commands that follow',
    options: z.object({}),
    run: async (context, words) => {
      const { client, url } = await connectAsNobody(context);
      const name = word(words, 0);
      const { session, token } = await client.login.create({
        name,
        password: await secret(context, 'Password'),
      });
      await keepSession(context, url, { name, token: token ?? '', expiresAt: session.expiresAt });
      print(context, session, () => `${name} on ${url}, until ${time(session.expiresAt)} at the latest`);
    },
  });

  leaf(program, makeContext, {
    usage: 'logout',
    summary: 'end the session',
    options: z.object({}),
    run: async (context) => {
      const client = await connect(context);
      await client.logout.create();
      await keepSession(context, client.connection.url, undefined);
      print(context, {}, () => 'the session has ended');
    },
  });

  leaf(program, makeContext, {
    usage: 'whoami',
    summary: 'show who asks, and what they may do',
    options: z.object({}),
    run: async (context) => {
      const client = await connect(context);
      const me = await client.me.get();
      print(context, me, () =>
        facts({
          name: me.name,
          server: client.connection.url,
          by: me.kind === 'token' ? 'a token' : 'a session',
          'may on the fleet': me.access.join(', ') || 'nothing',
          ...Object.fromEntries(me.groups.map(({ group, access }) => [`may on ${group}`, access.join(', ')])),
        }),
      );
    },
  });

  const sessions = program.command('session').alias('sessions').summary('sessions').description('Sessions.');
  leaf(sessions, makeContext, {
    usage: 'list',
    summary: 'list sessions that have not ended',
    options: z.object({ all: z.boolean().default(false) }),
    build: (command) => command.option('--all', 'of everybody, for admins'),
    run: async (context, _words, { all }) => {
      const found = await (await connect(context)).sessions.list({ all });
      const line = (one: Session): string[] => [
        one.id,
        one.userName,
        time(one.lastSeenAt),
        time(one.expiresAt),
        one.address,
        one.isThis ? 'this one' : one.agent,
      ];
      const headings = ['session', 'user', 'seen', 'expires', 'address', 'agent'];
      print(context, found, () => table(headings, found.map(line), context.columns));
    },
  });
  leaf(sessions, makeContext, {
    usage: 'end <session>',
    summary: 'end a session',
    options: z.object({}),
    run: async (context, words) => {
      await (await connect(context)).sessions.delete(word(words, 0));
      print(context, {}, () => `${word(words, 0)}: ended`);
    },
  });
};

const userCommands = (program: Command, makeContext: MakeContext): void => {
  const user = program.command('user').alias('users').summary('people').description('People.');
  leaf(user, makeContext, {
    usage: 'list',
    summary: 'list users',
    options: z.object({}),
    run: async (context) => {
      const users = await (await connect(context)).users.list().all();
      print(context, users, () => table(USER_HEADINGS, users.map(userLine), context.columns));
    },
  });
  leaf(user, makeContext, {
    usage: 'create <name>',
    summary: 'make a user',
    options: RoleOptions.extend({ role: Role.optional() }),
    build: (command) =>
      withGroupRole(command.option('--role <role>', `on the fleet: ${Role.options.join(', ')}`)),
    run: async (context, words, { role = null, groupRole }) => {
      const client = await connect(context);
      const roles = await groupRoles(client, groupRole);
      const password = await newPassword(context);
      const made = await client.users.create({ name: word(words, 0), password, role, groupRoles: roles });
      print(context, made, () => showUser(made));
    },
  });
  leaf(user, makeContext, {
    usage: 'set-role <name> [role]',
    summary: 'give a user other roles, in place of all there were',
    options: RoleOptions,
    build: withGroupRole,
    run: async (context, words, { groupRole }) => {
      const client = await connect(context);
      const parsed = Role.nullable().safeParse(words[1] ?? null);
      if (!parsed.success)
        throw new SlipwayError('USAGE', `expected one of ${Role.options.join(', ')}, found ${words[1]}`);
      const change = { role: parsed.data, groupRoles: await groupRoles(client, groupRole) };
      const changed = await client.users.update(word(words, 0), change);
      print(context, changed, () => showUser(changed));
    },
  });
  for (const [verb, disabled, summary] of [
    ['disable', true, 'let a user in no more: sessions end and tokens are void at once'],
    ['enable', false, 'let a user in again'],
  ] as const)
    leaf(user, makeContext, {
      usage: `${verb} <name>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const changed = await (await connect(context)).users.update(word(words, 0), { disabled });
        print(context, changed, () => showUser(changed));
      },
    });
  leaf(user, makeContext, {
    usage: 'delete <name>',
    summary: 'delete a user with their sessions and tokens; the audit log keeps the name',
    options: z.object({}),
    run: async (context, words) => {
      await (await connect(context)).users.delete(word(words, 0));
      print(context, {}, () => `${word(words, 0)}: deleted`);
    },
  });
  leaf(user, makeContext, {
    usage: 'passwd [name]',
    summary: 'change the own password, or as admin that of a user',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      const [name] = words;
      if (name === undefined) {
        const current = await secret(context, 'Present password');
        await client.me.setPassword({ current, password: await newPassword(context) });
      } else await client.users.setPassword(name, { password: await newPassword(context) });
      print(
        context,
        {},
        () => `the password is changed; ${name === undefined ? 'other' : 'all'} sessions have ended`,
      );
    },
  });
};

const TOKEN_HEADINGS = ['token', 'name', 'user', 'scopes', 'expires', 'used', 'revoked'];
const tokenLine = (token: ApiToken): string[] => [
  token.id,
  token.name,
  token.userName ?? '-',
  token.scopes.join(','),
  time(token.expiresAt),
  time(token.lastUsedAt),
  time(token.revokedAt),
];

const tokenCommands = (program: Command, makeContext: MakeContext): void => {
  const token = program.command('token').alias('tokens').summary('API tokens').description('API tokens.');
  leaf(token, makeContext, {
    usage: 'list',
    summary: 'list tokens, with when each was last used',
    options: z.object({ all: z.boolean().default(false) }),
    build: (command) => command.option('--all', 'of everybody, for admins'),
    run: async (context, _words, { all }) => {
      const tokens = await (await connect(context)).tokens.list({ all }).all();
      print(context, tokens, () => table(TOKEN_HEADINGS, tokens.map(tokenLine), context.columns));
    },
  });
  leaf(token, makeContext, {
    usage: 'create <name>',
    summary: 'make a token; it is shown this once',
    options: z.object({ scope: z.array(Access).min(1, 'name at least one'), days: z.number().optional() }),
    build: (command) =>
      command
        .requiredOption('--scope <access>', `${Access.options.join(', ')}; may be repeated`, collect)
        .option('--days <number>', 'how long it is good (until it is revoked)', wholeNumber),
    run: async (context, words, { scope, days }) => {
      const client = await connect(context);
      const made = await client.tokens.create({ name: word(words, 0), scopes: scope, days });
      print(context, made, () => made.token ?? '');
    },
  });
  leaf(token, makeContext, {
    usage: 'revoke <token>',
    summary: 'revoke a token, by its id',
    options: z.object({}),
    run: async (context, words) => {
      await (await connect(context)).tokens.delete(word(words, 0));
      print(context, {}, () => `${word(words, 0)}: revoked`);
    },
  });
};

export const peopleCommands = (program: Command, makeContext: MakeContext): void => {
  sessionCommands(program, makeContext);
  userCommands(program, makeContext);
  tokenCommands(program, makeContext);
};
