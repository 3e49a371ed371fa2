import type { Command } from 'commander';
import { PackageType, type ReleaseDifference, type ReleasePackage } from '@slipway/protocol';
import { z } from 'zod';
import { Ended, leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table } from '../table.ts';

const packageTable = (packages: readonly ReleasePackage[], columns: number | undefined): string =>
  table(
    ['type', 'name', 'version', 'source'],
    packages.map(({ type, name, version, source }) => [
      type,
      name,
      version === '' ? '-' : version,
      source.name === name && source.version === version ? '' : `${source.name} ${source.version}`,
    ]),
    columns,
  );

const changeTable = (changes: ReleaseDifference['upgraded'], columns: number | undefined): string =>
  table(
    ['type', 'name', 'from', 'to'],
    changes.map(({ type, name, from, to }) => [type, name, from, to]),
    columns,
  );

const showDifference = (difference: ReleaseDifference, columns: number | undefined): string => {
  const nameOf = ({ id, deviceClass, version }: ReleaseDifference['from']): string =>
    `${deviceClass} ${version} (${id})`;
  const { added, removed, upgraded, downgraded } = difference;
  const section = (title: string, items: readonly unknown[], shown: () => string): string[] =>
    items.length === 0 ? [] : ['', `${title} packages`, shown()];
  return [
    facts({ from: nameOf(difference.from), to: nameOf(difference.to), unchanged: difference.unchanged }),
    ...section('added', added, () => packageTable(added, columns)),
    ...section('removed', removed, () => packageTable(removed, columns)),
    ...section('upgraded', upgraded, () => changeTable(upgraded, columns)),
    ...section('downgraded', downgraded, () => changeTable(downgraded, columns)),
  ].join('\n');
};

const isSame = ({ added, removed, upgraded, downgraded }: ReleaseDifference): boolean =>
  [added, removed, upgraded, downgraded].every((list) => list.length === 0);

/** What is in releases: below `slipway releases`. */
export const releaseContentCommands = (releases: Command, makeContext: MakeContext): void => {
  leaf(releases, makeContext, {
    usage: 'packages <release>',
    summary: 'list the packages in a release',
    options: z.object({ name: z.string().optional(), type: PackageType.optional() }),
    build: (command) =>
      command
        .option('--name <name>', 'only of this name; * stands for anything')
        .option('--type <type>', `only these: ${PackageType.options.join(', ')}`),
    run: async (context, words, options) => {
      const found = await (await connect(context)).releases.listPackages(word(words, 0), options).all();
      print(context, found, () => packageTable(found, context.columns));
    },
  });
  leaf(releases, makeContext, {
    usage: 'diff <release> [release]',
    summary:
      'tell which packages change from one release to another; from the one before it, where only one is named',
    options: z.object({ exitCode: z.boolean().default(false) }),
    build: (command) => command.option('--exit-code', 'end with status 1 if there are differences'),
    run: async (context, words, options) => {
      const [first = '', second] = words;
      const client = await connect(context);
      const difference = await client.releases.difference(
        second ?? first,
        second === undefined ? {} : { from: first },
      );
      print(context, difference, () => showDifference(difference, context.columns));
      if (options.exitCode && !isSame(difference)) throw new Ended(1);
    },
  });
};
