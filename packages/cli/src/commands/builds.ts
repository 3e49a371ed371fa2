import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import {
  BranchName,
  BuildPriority,
  BuildState,
  ClassName,
  isBuildOver,
  isErrorCode,
  SlipwayError,
  SourceName,
  Version,
  type Build,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { artifactTable, Formats } from '../download-outputs.ts';
import { follow } from '../follow.ts';
import { buildFileCommands } from './build-files.ts';
import { followLog } from './build-log.ts';
import { followQualifications, qualificationTable, refuseUnqualified } from './build-qualifications.ts';
import { facts, table, time } from '../table.ts';
import { watchList } from '../watch.ts';

const line = (build: Build): string[] => [
  build.id,
  build.deviceClass,
  build.version,
  build.state,
  isBuildOver(build)
    ? ''
    : build.state === 'queued'
      ? build.step
      : `${build.step} ${Math.round(build.percent)} %`,
  build.release,
  time(build.createdAt),
  build.code === null ? '' : `${build.code}: ${build.message ?? ''}`,
];
const HEADINGS = ['build', 'class', 'version', 'state', 'step', 'release', 'created', ''];

/** @throws {SlipwayError} with the code of the first build that failed or was cancelled */
const refuseFailed = (builds: readonly Build[]): void => {
  for (const { id, state, code, message } of builds) {
    if (state === 'cancelled') throw new SlipwayError('BUILD_CANCELLED', `Build ${id} was cancelled.`);
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

const untilOver = (context: Context, client: Client, ids: readonly string[]): Promise<Build[]> => {
  const shown = new Map<string, string>();
  return follow(context, client, async () => {
    const builds = await Promise.all(ids.map((id) => client.builds.get(id)));
    for (const build of builds) {
      const text = `${build.id}  ${build.deviceClass} ${build.version}  ${build.state}  ${isBuildOver(build) ? '' : build.step}`;
      if (!context.json && shown.get(build.id) !== text) context.err(text.trimEnd());
      shown.set(build.id, text);
    }
    return builds.every(isBuildOver) ? builds : undefined;
  });
};

/**
 * Follows builds to their end, and their releases to the end of their qualification.
 *
 * @param show what is printed of the builds
 * @throws {SlipwayError} with the code of the first build that failed or was cancelled; QUALIFICATION_FAILED
 */
const watch = async (
  context: Context,
  client: Client,
  ids: readonly string[],
  show: (builds: readonly Build[]) => string,
  value: (builds: readonly Build[]) => unknown = (builds) => builds,
): Promise<void> => {
  const builds = await untilOver(context, client, ids);
  const qualifications = await followQualifications(context, client, builds);
  print(context, value(builds), () =>
    [
      show(builds),
      ...(qualifications.length === 0 ? [] : ['', qualificationTable(qualifications, context.columns)]),
    ].join('\n'),
  );
  refuseFailed(builds);
  refuseUnqualified(qualifications);
};
const tableOf =
  (context: Context) =>
  (builds: readonly Build[]): string =>
    table(HEADINGS, builds.map(line), context.columns);

const show = (build: Build): string =>
  [
    facts({
      build: build.id,
      release: build.release,
      class: build.deviceClass,
      version: build.version,
      counter: build.counter,
      state: build.state,
      step: isBuildOver(build) ? null : `${build.step}, ${Math.round(build.percent)} %`,
      code: build.code,
      message: build.message,
      priority: build.priority,
      attempts: build.attempts,
      worker: build.worker,
      queue: build.queue,
      source: build.source,
      inputs: build.inputDigest,
      'retry of': build.retryOf,
      created: time(build.createdAt),
      started: build.startedAt === null ? null : time(build.startedAt),
      finished: build.finishedAt === null ? null : time(build.finishedAt),
    }),
    ...(build.causes.length === 0
      ? []
      : [
          '',
          table(
            ['asked for', 'by', 'cause'],
            build.causes.map(({ at, kind, id, cause }) => [
              time(at),
              id === null ? kind : `${kind} ${id}`,
              Object.entries(cause)
                .map(
                  ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
                )
                .join(', '),
            ]),
          ),
        ]),
    ...(build.artifacts.length === 0 ? [] : ['', artifactTable(build.artifacts, undefined)]),
  ].join('\n');

export const buildCommands = (program: Command, makeContext: MakeContext): void => {
  const builds = program
    .command('builds')
    .summary('build images')
    .description('Build images for device classes.');
  leaf(builds, makeContext, {
    usage: 'create <class...>',
    summary: 'build an image for each class',
    options: z.object({
      version: Version.optional(),
      priority: BuildPriority.optional(),
      force: z.boolean().optional(),
      changeSigning: z.boolean().optional(),
      source: SourceName.optional(),
      branch: BranchName.optional(),
      output: Formats,
      watch: z.boolean().default(false),
    }),
    build: (command) =>
      command
        .option(
          '--version <version>',
          'semantic version of the release (the one after the last of the class)',
        )
        .option('--priority <priority>', 'low, normal or high (normal)')
        .option(
          '--source <source>',
          'a git repository to build from, see slipway source; otherwise that of the server',
        )
        .option('--branch <branch>', 'another branch than that of the source')
        .option(
          '--output <formats>',
          'what is made of the image, in place of outputs of the class; several by commas or by repeating',
          collect,
        )
        .option('--force', 'a new build, even if an equal one is under way or has just succeeded')
        .option(
          '--change-signing',
          'although devices do not trust the signing profile of the class file, and will refuse the release',
        )
        .option('-w, --watch', 'wait for the end; exit with the status of the first failure'),
    run: async (context, words, { watch: wait, output: outputs, ...options }) => {
      const asked = { ...options, ...(outputs.length === 0 ? {} : { outputs }) };
      const client = await connect(context);
      const made: Build[] = [];
      for (const name of words) {
        const deviceClass = ClassName.safeParse(name);
        if (!deviceClass.success) throw new SlipwayError('USAGE', `${name} is no name of a device class.`);
        made.push(await client.builds.create({ ...asked, deviceClass: deviceClass.data }));
      }
      const shown = tableOf(context);
      if (wait)
        await watch(
          context,
          client,
          made.map(({ id }) => id),
          shown,
        );
      else {
        print(context, made, () => shown(made));
        refuseFailed(made);
      }
    },
  });
  leaf(builds, makeContext, {
    usage: 'list',
    summary: 'list builds, newest first',
    options: z.object({
      class: ClassName.optional(),
      state: BuildState.optional(),
      watch: z.boolean().default(false),
    }),
    build: (command) =>
      command
        .option('--class <class>', 'only of this device class')
        .option('--state <state>', `only ${BuildState.options.join(', ')}`)
        .option('-w, --watch', 'go on showing what changes, until Ctrl-C'),
    run: async (context, _words, { class: deviceClass, state, watch: goOn }) => {
      const client = await connect(context);
      const look = () => client.builds.list({ deviceClass, state }).all();
      if (goOn) await watchList(context, client, look, HEADINGS, line);
      const found = await look();
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
      const client = await connect(context);
      if (options.watch) {
        await watch(
          context,
          client,
          [id],
          (builds) => builds.map(show).join('\n'),
          ([build]) => build,
        );
        return;
      }
      const build = await client.builds.get(id);
      print(context, build, () => show(build));
    },
  });
  leaf(builds, makeContext, {
    usage: 'watch <build...>',
    summary: 'wait for the end of builds; exit with the status of the first failure',
    options: z.object({}),
    run: async (context, words) => watch(context, await connect(context), words, tableOf(context)),
  });
  leaf(builds, makeContext, {
    usage: 'logs <build>',
    summary: 'print the log of a build',
    options: z.object({ follow: z.boolean().default(false), watch: z.boolean().default(false) }),
    build: (command) =>
      command
        .alias('log')
        .option('-f, --follow', 'go on until the build is over')
        .option('-w, --watch', 'the same'),
    run: async (context, words, options) =>
      followLog(context, word(words, 0), options.follow || options.watch),
  });
  for (const [verb, summary] of [
    ['cancel', 'cancel builds that are queued or building'],
    ['retry', 'build once more what failed or was cancelled, as builds of their own'],
  ] as const)
    leaf(builds, makeContext, {
      usage: `${verb} <build...>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const client = await connect(context);
        const found: Build[] = [];
        for (const id of words) found.push(await client.builds[verb](id));
        print(context, found, () => table(HEADINGS, found.map(line), context.columns));
      },
    });
  buildFileCommands(builds, makeContext);
};
