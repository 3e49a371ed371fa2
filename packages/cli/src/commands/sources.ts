import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, SlipwayError, type Source, type SourceCredentials } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';

const HEADINGS = ['name', 'url', 'branch', 'commit', 'fetched', 'code'];
const line = ({ name, url, branch, commit, fetchedAt, code }: Source): string[] => [
  name,
  url,
  branch,
  commit?.slice(0, 12) ?? '-',
  time(fetchedAt),
  code ?? '-',
];
const show = (source: Source): string =>
  facts({
    source: source.id,
    name: source.name,
    url: source.url,
    branch: source.branch,
    credentials: source.credentials ?? 'none',
    commit: source.commit,
    fetched: source.fetchedAt === null ? null : time(source.fetchedAt),
    code: source.code,
    message: source.message,
    created: time(source.createdAt),
  });

const options = {
  branch: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  keyFile: z.string().optional(),
  knownHosts: z.string().optional(),
};
const withOptions = (command: Command): Command =>
  command
    .option('--branch <branch>', 'the one that is built from, unless a trigger says otherwise (main)')
    .option('--token-file <file>', 'a file with a token that may read it over https')
    .option('--username <name>', 'what the forge wants beside the token (git)')
    .option('--key-file <file>', 'a file with a private key of ssh, without a passphrase')
    .option('--known-hosts <file>', 'the lines of known_hosts for its host, as ssh-keyscan prints them');

/** Secrets come by file: what stands on a command line is seen by everybody on the machine. */
const credentialsOf = async (
  cwd: string,
  { tokenFile, username, keyFile, knownHosts }: z.infer<z.ZodObject<typeof options>>,
): Promise<SourceCredentials | undefined> => {
  const textOf = (file: string): Promise<string> =>
    readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
      throw new SlipwayError('NOT_FOUND', `${file} cannot be read: ${messageOf(cause)}`, { cause });
    });
  if (tokenFile !== undefined)
    return { kind: 'token', username: username ?? 'git', token: (await textOf(tokenFile)).trim() };
  if (keyFile === undefined) return undefined;
  if (knownHosts === undefined)
    throw new SlipwayError('USAGE', 'A key takes --known-hosts: a host that is not known is refused.');
  return { kind: 'ssh', privateKey: await textOf(keyFile), knownHosts: await textOf(knownHosts) };
};

export const sourceCommands = (program: Command, makeContext: MakeContext): void => {
  const sources = program
    .command('source')
    .alias('sources')
    .summary('git repositories that builds are made from')
    .description('Git repositories with class files and image files, for builds and triggers.');
  leaf(sources, makeContext, {
    usage: 'list',
    summary: 'list sources',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).sources.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(sources, makeContext, {
    usage: 'create <name> <url>',
    summary: 'name a git repository to build from',
    options: z.object(options),
    build: withOptions,
    run: async (context, words, given) => {
      const source = await (
        await connect(context)
      ).sources.create({
        name: word(words, 0),
        url: word(words, 1),
        branch: given.branch,
        credentials: await credentialsOf(context.cwd, given),
      });
      print(context, source, () => show(source));
    },
  });
  leaf(sources, makeContext, {
    usage: 'show <source>',
    summary: 'show a source',
    options: z.object({}),
    run: async (context, words) => {
      const source = await (await connect(context)).sources.get(word(words, 0));
      print(context, source, () => show(source));
    },
  });
  leaf(sources, makeContext, {
    usage: 'edit <source>',
    summary: 'change a source; with another URL its credentials are gone unless they are given anew',
    options: z.object({ ...options, name: z.string().optional(), url: z.string().optional() }),
    build: (command) =>
      withOptions(command).option('--name <name>', 'another name').option('--url <url>', 'another address'),
    run: async (context, words, { name, url, ...given }) => {
      const source = await (
        await connect(context)
      ).sources.update(word(words, 0), {
        name,
        url,
        branch: given.branch,
        credentials: await credentialsOf(context.cwd, given),
      });
      print(context, source, () => show(source));
    },
  });
  leaf(sources, makeContext, {
    usage: 'delete <source>',
    summary: 'forget a source that no trigger builds from',
    options: z.object({}),
    run: async (context, words) => {
      await (await connect(context)).sources.delete(word(words, 0));
      print(context, { deleted: word(words, 0) }, () => `${word(words, 0)}: deleted`);
    },
  });
  leaf(sources, makeContext, {
    usage: 'fetch <source>',
    summary: 'fetch its branch now, to see that it can be reached',
    options: z.object({}),
    run: async (context, words) => {
      const source = await (await connect(context)).sources.fetch(word(words, 0));
      print(context, source, () => show(source));
    },
  });
  leaf(sources, makeContext, {
    usage: 'classes <source>',
    summary: 'list the device classes on its branch',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).sources.listDeviceClasses(word(words, 0));
      print(context, found, () =>
        table(
          ['class', 'arch', 'file', 'images'],
          found.map(({ name, arch, file, images }) => [name, arch, file, images.join(', ')]),
          context.columns,
        ),
      );
    },
  });
};
