import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { contextNamed, readContexts, writeContexts, type Contexts } from '../contexts.ts';
import { facts, table } from '../table.ts';

/** The instance that runs here, which is no entry of the file. */
const LOCAL = 'local';

/** A token is shown to nobody. */
const shown = ({ contexts, current }: Contexts, name: string) => ({
  name,
  url: contexts[name]?.url ?? '',
  hasToken: contexts[name]?.token !== undefined,
  current: name === current,
});

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname);

/** @throws {SlipwayError} USAGE */
const parseAddress = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new SlipwayError('USAGE', `expected https://HOST[:PORT], found ${text}`);
};

export const contextCommands = (program: Command, makeContext: MakeContext): void => {
  const contexts = program
    .command('context')
    .summary('servers by name')
    .description('Servers by name, and which one commands speak to.');
  leaf(contexts, makeContext, {
    usage: 'list',
    summary: 'list servers, and which one is in use',
    options: z.object({}),
    run: async (context) => {
      const known = await readContexts(context);
      const found = Object.keys(known.contexts).map((name) => shown(known, name));
      print(context, found, () =>
        table(
          ['context', 'server', 'token', ''],
          found.map((one) => [one.name, one.url, one.hasToken ? 'kept' : '-', one.current ? 'in use' : '']),
          context.columns,
        ),
      );
    },
  });
  leaf(contexts, makeContext, {
    usage: 'add <name> <url>',
    summary: 'name a server, or change it; the first one is in use at once',
    options: z.object({ tokenFile: z.string().optional() }),
    build: (command) => command.option('--token-file <file>', 'holds its token; /dev/stdin to paste one'),
    run: async (context, words, { tokenFile }) => {
      const name = word(words, 0);
      if (name === LOCAL || !/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name))
        throw new SlipwayError(
          'USAGE',
          `expected a name of lower-case letters, digits and . _ -, other than ${LOCAL}; found ${name}`,
        );
      const url = parseAddress(word(words, 1));
      if (tokenFile !== undefined && !isSafe(url))
        throw new SlipwayError(
          'USAGE',
          `expected https for a token, found ${url.origin}; anybody on the way reads it`,
        );
      const token = tokenFile === undefined ? undefined : await readToken(resolve(context.cwd, tokenFile));
      const before = await readContexts(context);
      const known: Contexts = {
        current: Object.keys(before.contexts).length === 0 ? name : before.current,
        contexts: {
          ...before.contexts,
          [name]: { url: url.href.replace(/\/+$/, ''), ...(token === undefined ? {} : { token }) },
        },
      };
      await writeContexts(context, known);
      print(context, shown(known, name), () => facts(shown(known, name)));
    },
  });
  leaf(contexts, makeContext, {
    usage: 'use <context>',
    summary: `have commands speak to a server; ${LOCAL}: to the one that runs here`,
    options: z.object({}),
    run: async (context, words) => {
      const name = word(words, 0);
      const known = await readContexts(context);
      if (name !== LOCAL) contextNamed(known, name);
      await writeContexts(context, { ...known, current: name === LOCAL ? null : name });
      print(context, { current: name }, () => `${name} is in use`);
    },
  });
  leaf(contexts, makeContext, {
    usage: 'show [context]',
    summary: 'show a server, or the one that is in use',
    options: z.object({}),
    run: async (context, words) => {
      const known = await readContexts(context);
      const name = words[0] ?? known.current;
      if (name === null)
        return print(context, { name: LOCAL }, () => `${LOCAL}: the instance that runs here`);
      contextNamed(known, name);
      print(context, shown(known, name), () => facts(shown(known, name)));
    },
  });
  leaf(contexts, makeContext, {
    usage: 'remove <context>',
    summary: 'forget a server and its token',
    options: z.object({}),
    run: async (context, words) => {
      const name = word(words, 0);
      const known = await readContexts(context);
      contextNamed(known, name);
      const { [name]: _gone, ...rest } = known.contexts;
      const current = known.current === name ? null : known.current;
      await writeContexts(context, { current, contexts: rest });
      print(context, { removed: name }, () => `${name}: removed`);
    },
  });
};

const readToken = async (path: string): Promise<string> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `expected a token in ${path}, and it cannot be read`, { cause });
  });
  const token = text.trim();
  if (/^[\x21-\x7e]{1,256}$/.test(token)) return token;
  throw new SlipwayError('USAGE', `expected one line with a token in ${path}`);
};
