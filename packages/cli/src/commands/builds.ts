import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { send } from '@slipway/client';
import { ClassName, codeOf, isErrorCode, SlipwayError, Version, type Build } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { follow } from '../follow.ts';
import { facts, size, table, time } from '../table.ts';

const line = (build: Build): string[] => [
  build.id,
  build.deviceClass,
  build.version,
  build.state,
  build.state === 'building' || build.state === 'signing'
    ? `${build.step} ${Math.round(build.percent)} %`
    : '',
  build.release,
  time(build.createdAt),
  build.code === null ? '' : `${build.code}: ${build.message ?? ''}`,
];
const HEADINGS = ['build', 'class', 'version', 'state', 'step', 'release', 'created', ''];

const isOver = ({ state }: Build): boolean => state === 'succeeded' || state === 'failed';

/** @throws {SlipwayError} with the code of the first build that failed */
const refuseFailed = (builds: readonly Build[]): void => {
  for (const { id, state, code, message } of builds) {
    if (state !== 'failed') continue;
    throw new SlipwayError(
      isErrorCode(code) ? code : 'BUILD_FAILED',
      `Build ${id} failed: ${message ?? ''}`,
      {
        details: { build: id },
      },
    );
  }
};

const watch = async (context: Context, ids: readonly string[]): Promise<Build[]> => {
  const client = await connect(context);
  const shown = new Map<string, string>();
  return follow(client, context.signal, async () => {
    const builds = await Promise.all(ids.map((id) => client.builds.get(id)));
    for (const build of builds) {
      const text = `${build.id}  ${build.deviceClass} ${build.version}  ${build.state}  ${isOver(build) ? '' : build.step}`;
      if (!context.json && shown.get(build.id) !== text) context.err(text.trimEnd());
      shown.set(build.id, text);
    }
    return builds.every(isOver) ? builds : undefined;
  });
};

const show = (build: Build): string =>
  [
    facts({
      build: build.id,
      release: build.release,
      class: build.deviceClass,
      version: build.version,
      counter: build.counter,
      state: build.state,
      step: isOver(build) ? null : `${build.step}, ${Math.round(build.percent)} %`,
      code: build.code,
      message: build.message,
      created: time(build.createdAt),
      started: build.startedAt === null ? null : time(build.startedAt),
      finished: build.finishedAt === null ? null : time(build.finishedAt),
    }),
    ...(build.artifacts.length === 0
      ? []
      : [
          '',
          table(
            ['artifact', 'size', 'digest'],
            build.artifacts.map((artifact) => [artifact.name, size(artifact.size), artifact.digest]),
          ),
        ]),
  ].join('\n');

/** Prints the log as it grows, until the build is over. */
const followLog = async (context: Context, id: string, keepOn: boolean): Promise<void> => {
  const client = await connect(context);
  let from = 0;
  for (;;) {
    const build = await client.builds.get(id);
    const path = `/v1/builds/${encodeURIComponent(id)}/log?from=${from}`;
    const answer = await send(client.connection, path, { accept: 'text/plain' }).catch((error: unknown) => {
      if (keepOn && !isOver(build) && codeOf(error) === 'NOT_FOUND') return undefined;
      throw error;
    });
    const bytes = Buffer.from((await answer?.arrayBuffer()) ?? new ArrayBuffer(0));
    from += bytes.length;
    if (bytes.length > 0) context.out(bytes.toString('utf8').replace(/\n$/, ''));
    if (!keepOn || (isOver(build) && bytes.length === 0)) return;
    await delay(isOver(build) ? 0 : 500, undefined, { signal: context.signal });
  }
};

export const buildCommands = (program: Command, makeContext: MakeContext): void => {
  const builds = program
    .command('builds')
    .summary('build images')
    .description('Build images for device classes.');
  leaf(builds, makeContext, {
    usage: 'create <class...>',
    summary: 'build an image for each class',
    options: z.object({ version: Version, watch: z.boolean().default(false) }),
    build: (command) =>
      command
        .requiredOption('--version <version>', 'semantic version of the release')
        .option('-w, --watch', 'wait for the end; exit with the status of the first failure'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const made: Build[] = [];
      for (const name of words) {
        const deviceClass = ClassName.safeParse(name);
        if (!deviceClass.success) throw new SlipwayError('USAGE', `${name} is no name of a device class.`);
        made.push(await client.builds.create({ deviceClass: deviceClass.data, version: options.version }));
      }
      const ids = made.map(({ id }) => id);
      const result = options.watch ? await watch(context, ids) : made;
      print(context, result, () => table(HEADINGS, result.map(line), context.columns));
      refuseFailed(result);
    },
  });
  leaf(builds, makeContext, {
    usage: 'list',
    summary: 'list builds, newest first',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).builds.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(builds, makeContext, {
    usage: 'show <build>',
    summary: 'show a build and its artifacts',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) => command.option('-w, --watch', 'wait for the end first'),
    run: async (context, words, options) => {
      const id = word(words, 0);
      const build = options.watch
        ? (await watch(context, [id]))[0]
        : await (await connect(context)).builds.get(id);
      if (build === undefined) return;
      print(context, build, () => show(build));
      if (options.watch) refuseFailed([build]);
    },
  });
  leaf(builds, makeContext, {
    usage: 'log <build>',
    summary: 'print the log of a build',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) => command.option('-w, --watch', 'go on until the build is over'),
    run: async (context, words, options) => followLog(context, word(words, 0), options.watch),
  });
};
