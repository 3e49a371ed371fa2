import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import {
  BUNDLE_ARTIFACT,
  ChannelName,
  savedName,
  SlipwayError,
  type Qualification,
  type Release,
} from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { downloadArtifact } from '../download-artifact.ts';
import {
  artifactTable,
  downloadOutputs,
  downloadProgress,
  Formats,
  withFormatOptions,
} from '../download-outputs.ts';
import { facts, size, table, time } from '../table.ts';
import { qualificationCommands, qualificationLine, timings, untilQualified } from './qualifications.ts';
import { releaseContentCommands } from './release-contents.ts';

const HEADINGS = ['release', 'class', 'version', 'counter', 'state', 'qualified', 'size', 'created'];
const line = (release: Release): string[] => [
  release.id,
  release.deviceClass,
  release.version,
  String(release.counter),
  release.state,
  release.qualification ?? '',
  size(release.bundle.size),
  time(release.createdAt),
];
const show = (release: Release, qualification: Qualification): string =>
  [
    facts({
      release: release.id,
      build: release.build,
      class: release.deviceClass,
      arch: release.arch,
      version: release.version,
      counter: release.counter,
      state: release.state,
      'root hash': release.rootHash,
      bundle: `${size(release.bundle.size)}, ${release.bundle.digest}`,
      created: time(release.createdAt),
      qualification: qualificationLine(qualification),
      'updated from': qualification.from,
      message: qualification.message,
    }),
    ...timings(qualification),
  ].join('\n\n');

export const releaseCommands = (program: Command, makeContext: MakeContext): void => {
  const releases = program
    .command('releases')
    .summary('publish what was built')
    .description('Releases are signed builds: drafts until they are published, never again once withdrawn.');
  leaf(releases, makeContext, {
    usage: 'list',
    summary: 'list releases, newest first',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).releases.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(releases, makeContext, {
    usage: 'show <release>',
    summary: 'show a release',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      const release = await client.releases.get(word(words, 0));
      const qualified = await client.releases.getQualification(release.id);
      print(context, { ...release, qualified }, () => show(release, qualified));
    },
  });
  leaf(releases, makeContext, {
    usage: 'artifacts <release>',
    summary: 'list the bundle of a release and its disks',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).releases.listArtifacts(word(words, 0));
      print(context, found, () => artifactTable(found, context.columns));
    },
  });
  qualificationCommands(releases, makeContext);
  releaseContentCommands(releases, makeContext);
  leaf(releases, makeContext, {
    usage: 'publish <release...>',
    summary: 'publish a draft, so that it can be rolled out',
    options: z.object({
      channel: ChannelName.optional(),
      force: z.boolean().optional(),
      wait: z.boolean().optional(),
    }),
    build: (command) =>
      command
        .option('--channel <name>', 'also make it the current release of that channel of its class')
        .option('--wait', 'wait for the end of its qualification first')
        .option('--force', 'although it has not proven itself in a virtual device; the audit log says so'),
    run: async (context, words, { channel, force, wait }) => {
      const forced = force === undefined ? {} : { force };
      const client = await connect(context);
      const changed: Release[] = [];
      for (const id of words) {
        if (wait === true) await untilQualified(context, client, id);
        if (channel === undefined) {
          changed.push(await client.releases.publish(id, forced));
          continue;
        }
        const { deviceClass } = await client.releases.get(id);
        await client.channels.createRelease(deviceClass, channel, { release: id, ...forced });
        changed.push(await client.releases.get(id));
      }
      print(context, changed, () => table(HEADINGS, changed.map(line), context.columns));
    },
  });
  for (const [name, summary] of [
    ['deprecate', 'deprecate a release: rollouts of it go on, new ones take --force'],
    ['withdraw', 'withdraw a release, for good'],
  ] as const) {
    leaf(releases, makeContext, {
      usage: `${name} <release...>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const client = await connect(context);
        const changed: Release[] = [];
        for (const id of words) changed.push(await client.releases[name](id));
        print(context, changed, () => table(HEADINGS, changed.map(line), context.columns));
      },
    });
  }
  leaf(releases, makeContext, {
    usage: 'download <release>',
    summary:
      'download the bundle of a release, or its disks and bundle by formats; goes on where it broke off',
    options: z.object({
      output: z.string().min(1).optional(),
      format: Formats,
      dir: z.string().min(1).optional(),
    }),
    build: (command) =>
      withFormatOptions(command).option(
        '-o, --output <file>',
        'where the bundle goes to; otherwise CLASS-VERSION.tar here',
      ),
    run: async (context, words, { output, format: formats, dir }) => {
      const client = await connect(context);
      const release = await client.releases.get(word(words, 0));
      if (formats.length > 0 && output === undefined)
        return downloadOutputs(context, client, release, { formats, dir });
      if (formats.length > 0) throw new SlipwayError('USAGE', '--output is of the bundle alone. Say --dir.');
      const file = resolve(context.cwd, output ?? join(dir ?? '.', savedName(release, BUNDLE_ARTIFACT)));
      await downloadArtifact({
        artifact: { name: BUNDLE_ARTIFACT, ...release.bundle },
        get: (options) => client.releases.getArtifact(release.id, BUNDLE_ARTIFACT, options),
        path: file,
        signal: context.signal,
        progress: downloadProgress(context),
      });
      print(context, { file, ...release.bundle }, () => file);
    },
  });
};
